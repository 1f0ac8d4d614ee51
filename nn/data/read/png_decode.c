/* Decoding PNG, by libpng. It reports errors by a jump: all that the decoder changes between setjmp and the jump stands in a
   struct that outlives both, and no object with an end of its own is made between them. */
#include <png.h>
#include <stdlib.h>

#include "png_image.h"
#include "wengert/error.h"

/* Deflate makes at most so many bytes of one. */
enum { MAX_RATIO = 1032 };

struct decoder {
    struct cursor *cursor;
    struct png_image *image;
    const wg_dataset_png_options *options;
    png_structp png;
    png_infop info;
    wg_status status;
    bool no_memory; /* an allocation has failed */
};

static void fail(png_structp png, png_const_charp message)
{
    struct decoder *d = png_get_error_ptr(png);
    if (d->status == WG_OK && d->no_memory)
        d->status = wg_error_set(WG_E_MEMORY, d->cursor->op, "%s: out of memory", d->cursor->op);
    else if (d->status == WG_OK) /* else the reason is recorded already */
        d->status = cursor_wrong(d->cursor, d->cursor->at, "%.150s", message);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

/* From this file's malloc, so that tests can fail it. */
static png_voidp allocate(png_structp png, png_alloc_size_t n)
{
    struct decoder *d = png_get_mem_ptr(png);
    void *block = malloc(n);
    d->no_memory = d->no_memory || !block;
    return block;
}

static void release(png_structp png, png_voidp block)
{
    (void)png;
    free(block);
}

static void next_bytes(png_structp png, png_bytep to, size_t n)
{
    struct decoder *d = png_get_io_ptr(png);
    const unsigned char *bytes;
    d->status = cursor_take(d->cursor, n, "a PNG file", &bytes);
    if (d->status != WG_OK)
        png_error(png, "");
    for (size_t i = 0; i < n; i++)
        to[i] = bytes[i];
}

static void stop(struct decoder *d, wg_status status)
{
    d->status = status;
    if (status != WG_OK)
        png_error(d->png, "");
}

/* Before memory is asked for lines of its width: sides are at most 2^20, so no product wraps. */
static wg_status check_header(const struct decoder *d)
{
    const size_t height = png_get_image_height(d->png, d->info), bytes = (png_get_rowbytes(d->png, d->info) + 1) * height;
    if (bytes / MAX_RATIO > d->cursor->size)
        return cursor_wrong(d->cursor, 16, "an image of %ux%zu cannot be in %zu bytes", png_get_image_width(d->png, d->info),
                            height, d->cursor->size);
    return WG_OK;
}

/* Everything to 8 or 16 bits of gray or of colours, with opacity where there is any. */
static void read_header(struct decoder *d)
{
    png_set_user_limits(d->png, (png_uint_32)d->options->max_side, (png_uint_32)d->options->max_side);
    png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_NEVER, NULL,
                                -1); /* texts and profiles, too, are neither kept nor inflated */
    png_set_crc_action(d->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_info(d->png, d->info);
    stop(d, check_header(d));
    png_set_expand(d->png);
    (void)png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    *d->image = (struct png_image){.width = png_get_image_width(d->png, d->info),
                                   .height = png_get_image_height(d->png, d->info),
                                   .samples = png_get_channels(d->png, d->info),
                                   .depth = png_get_bit_depth(d->png, d->info),
                                   .row = png_get_rowbytes(d->png, d->info)};
    const size_t bytes = d->image->row * (size_t)d->image->height;
    if (bytes > d->options->max_bytes)
        stop(d, cursor_wrong(d->cursor, 16, "an image of %zu bytes (see .max_bytes)", bytes));
}

static void read_rows(struct decoder *d)
{
    const int passes = png_get_interlace_type(d->png, d->info) == PNG_INTERLACE_ADAM7 ? 7 : 1;
    for (int pass = 0; pass < passes; pass++)
        for (int64_t y = 0; y < d->image->height; y++)
            png_read_row(d->png, d->image->pixels + (size_t)y * d->image->row, NULL);
    png_read_end(d->png, NULL);
}

/* d and what it points to are all that is looked at after a jump. */
static void decode(struct decoder *d)
{
    if (setjmp(png_jmpbuf(d->png)))
        return;
    png_set_read_fn(d->png, d, next_bytes);
    read_header(d);
    d->image->pixels = calloc((size_t)d->image->height, d->image->row);
    if (!d->image->pixels)
        stop(d, wg_error_set(WG_E_MEMORY, d->cursor->op, "%s: out of memory", d->cursor->op));
    read_rows(d);
    d->status = cursor_end(d->cursor);
}

wg_status png_image_read(struct png_image *image, struct cursor *c, const wg_dataset_png_options *o)
{
    struct decoder d = {.cursor = c, .image = image, .options = o};
    *image = (struct png_image){.pixels = NULL};
    d.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &d, fail, ignore, &d, allocate, release);
    d.info = d.png ? png_create_info_struct(d.png) : NULL;
    if (d.info)
        decode(&d);
    else
        d.status = wg_error_set(WG_E_MEMORY, c->op, "%s: out of memory", c->op);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    if (d.status != WG_OK)
        png_image_end(image);
    return d.status;
}
