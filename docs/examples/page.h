/* A page of images, for the examples that make up digits. */
#ifndef EXAMPLE_PAGE_H
#define EXAMPLE_PAGE_H

#include <stdio.h>

#include <wengert.h>

/* Writes rows by columns images of side by side pixels, 0 to 1 and dark where they are 1, one after another in memory, as a PGM
   file, a pixel drawn as 6 by 6. */
static inline wg_status write_page(const char *path, const float *pixel, int rows, int columns, int side)
{
    enum { SCALE = 6 };
    WG_TRY(wg_error_if_null(pixel));
    FILE *file = fopen(path, "wb");
    if (!file)
        return wg_error_set(WG_E_IO, "page", "page: %s cannot be written", path);
    const int cell = (side + 1) * SCALE;
    fprintf(file, "P5 %d %d 255\n", columns * cell, rows * cell);
    for (int y = 0; y < rows * cell; y++)
        for (int x = 0; x < columns * cell; x++) {
            const int image = y / cell * columns + x / cell, r = y % cell / SCALE, c = x % cell / SCALE;
            putc(r < side && c < side ? 255 - (int)(255 * pixel[(image * side + r) * side + c]) : 255, file);
        }
    return fclose(file) == 0 ? WG_OK : wg_error_set(WG_E_IO, "page", "page: %s cannot be written", path);
}

#endif
