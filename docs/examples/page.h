/* A page of images, for the examples that make up digits: a PGM or PNG file, as its name ends. */
#ifndef EXAMPLE_PAGE_H
#define EXAMPLE_PAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert.h>

#ifdef WITH_PNG
#include <png.h>
#endif

static inline bool page_ends_in(const char *path, const char *end)
{
    const size_t n = strlen(path), m = strlen(end);
    return n >= m && strcmp(path + n - m, end) == 0;
}

/* Whether a page can be written there, asked before it is made; NULL: none is asked for. */
static inline wg_status check_page(const char *path)
{
    if (!path || page_ends_in(path, ".pgm"))
        return WG_OK;
    if (!page_ends_in(path, ".png"))
        return wg_error_set(WG_E_ARGUMENT, "page", "page: expected a name that ends in .pgm or .png, got %s", path);
#ifdef WITH_PNG
    return WG_OK;
#else
    return wg_error_set(WG_E_STATE, "page", "page: %s: this was built without libpng: install libpng-dev, or write a .pgm", path);
#endif
}

static inline bool write_pixels(const char *path, const unsigned char *pixel, int width, int height)
{
#ifdef WITH_PNG
    if (page_ends_in(path, ".png")) {
        png_image image = {
            .version = PNG_IMAGE_VERSION, .width = (unsigned)width, .height = (unsigned)height, .format = PNG_FORMAT_GRAY};
        return png_image_write_to_file(&image, path, 0, pixel, width, NULL) != 0;
    }
#endif
    FILE *file = fopen(path, "wb");
    const size_t n = (size_t)width * (size_t)height;
    const bool written = file && fprintf(file, "P5 %d %d 255\n", width, height) > 0 && fwrite(pixel, 1, n, file) == n;
    return file && fclose(file) == 0 && written;
}

/* Writes rows by columns images of side by side pixels, 0 to 1 and dark where they are 1, one after another in memory, a pixel drawn
   as 6 by 6. */
static inline wg_status write_page(const char *path, const float *pixel, int rows, int columns, int side)
{
    enum { SCALE = 6 };
    WG_TRY(wg_error_if_null(pixel));
    WG_TRY(check_page(path));
    const int cell = (side + 1) * SCALE, width = columns * cell, height = rows * cell;
    unsigned char *page = malloc((size_t)width * (size_t)height);
    if (!page)
        return wg_error_set(WG_E_MEMORY, "page", "page: out of memory");
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const int image = y / cell * columns + x / cell, r = y % cell / SCALE, c = x % cell / SCALE;
            const bool inside = r < side && c < side;
            page[y * width + x] = inside ? (unsigned char)(255 - (int)(255 * pixel[(image * side + r) * side + c])) : 255;
        }
    const bool written = write_pixels(path, page, width, height);
    free(page);
    return written ? WG_OK : wg_error_set(WG_E_IO, "page", "page: %s cannot be written", path);
}

#endif
