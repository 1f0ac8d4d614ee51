/* PNG images and folders of them. libpng writes the files that are read; pixels follow from their places. */
#include <png.h>
#include <sys/stat.h>
#include <zlib.h>

#include "readers_check.h"

/* ---- files ---- */

struct form {
    int colour, depth, interlace, width, height;
    bool transparent; /* a chunk tRNS: of the first colour of the palette, or of gray 0 */
};

static int sample(const struct form *f, int x, int y, int k)
{
    const int top = 1 << f->depth;
    return (f->depth == 16 ? 4099 : 37) * (x + 3 * y + 5 * k) % (f->colour == PNG_COLOR_TYPE_PALETTE ? (top < 7 ? top : 7) : top);
}

static int samples_of(const struct form *f)
{
    return f->colour == PNG_COLOR_TYPE_RGB          ? 3
           : f->colour == PNG_COLOR_TYPE_RGB_ALPHA  ? 4
           : f->colour == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                                    : 1;
}

static struct image *target;
static void write_bytes(png_structp png, png_bytep bytes, size_t n)
{
    (void)png;
    put(target, bytes, n);
}

static void put_sample(unsigned char *row, int depth, int at, int value)
{
    if (depth == 16)
        row[2 * at] = (unsigned char)(value >> 8), row[2 * at + 1] = (unsigned char)value;
    else
        row[at * depth / 8] |= (unsigned char)(value << (8 - depth - at * depth % 8));
}

static void add_palette(png_structp png, png_infop info, const struct form *f)
{
    png_color palette[7];
    for (int i = 0; i < 7; i++)
        palette[i] = (png_color){(png_byte)(i * 40), (png_byte)(255 - i * 30), (png_byte)(i * i)};
    if (f->colour == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, f->depth < 3 ? 1 << f->depth : 7);
    const png_color_16 zero = {0, 0, 0, 0, 0};
    if (f->transparent)
        png_set_tRNS(png, info, (const png_byte[]){51}, f->colour == PNG_COLOR_TYPE_PALETTE ? 1 : 0,
                     f->colour == PNG_COLOR_TYPE_PALETTE ? NULL : &zero);
}

static struct image png_of(struct form f)
{
    static struct image image;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    image.n = 0;
    target = &image;
    png_set_write_fn(png, NULL, write_bytes, NULL);
    png_set_IHDR(png, info, (png_uint_32)f.width, (png_uint_32)f.height, f.depth, f.colour, f.interlace, 0, 0);
    add_palette(png, info, &f);
    png_text text = {.compression = PNG_TEXT_COMPRESSION_zTXt, .key = (char[]){"Comment"}, .text = (char[]){"not read"}};
    png_set_text(png, info, &text, 1);
    png_write_info(png, info);
    const int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < f.height; y++) {
            unsigned char row[400] = {0};
            for (int x = 0; x < f.width; x++)
                for (int k = 0; k < samples_of(&f); k++)
                    put_sample(row, f.depth, x * samples_of(&f) + k, sample(&f, x, y, k));
            png_write_row(png, row);
        }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return image;
}

/* A pixel's channel, 0 to 1, of a tensor of that many channels. */
static double expected(const struct form *f, int channel, int channels, int x, int y)
{
    const double top = (1 << f->depth) - 1;
    double rgba[4];
    const int first = sample(f, x, y, 0);
    for (int k = 0; k < 3; k++)
        rgba[k] = f->colour == PNG_COLOR_TYPE_PALETTE ? (double[]){first * 40, 255 - first * 30, first * first}[k] / 255
                                                      : sample(f, x, y, f->colour & PNG_COLOR_MASK_COLOR ? k : 0) / top;
    rgba[3] = f->colour & PNG_COLOR_MASK_ALPHA ? sample(f, x, y, samples_of(f) - 1) / top : 1;
    if (f->transparent && first == 0)
        rgba[3] = f->colour == PNG_COLOR_TYPE_PALETTE ? 51.0 / 255 : 0;
    return channels == 1 && f->colour & PNG_COLOR_MASK_COLOR ? 0.299 * rgba[0] + 0.587 * rgba[1] + 0.114 * rgba[2] : rgba[channel];
}

static int own_channels(const struct form *f)
{
    return f->colour & PNG_COLOR_MASK_ALPHA || f->transparent ? 4 : f->colour & PNG_COLOR_MASK_COLOR ? 3 : 1;
}

static void assert_is_read(const struct form *f, int asked)
{
    const struct image image = png_of(*f);
    unsigned char *exact = exact_copy(image.at, image.n);
    wg_tensor *t = wg_dataset_parse_png(exact, image.n, "image", .channels = asked, .dtype = WG_F64);
    free(exact);
    if (!t)
        fail_msg("%s", wg_error_first()->message);
    const int channels = asked ? asked : own_channels(f);
    assert_shape(t, WG_SHAPE(channels, f->height, f->width));
    for (int k = 0; k < channels; k++)
        for (int y = 0; y < f->height; y++)
            for (int x = 0; x < f->width; x++)
                assert_close(wg_data_as(t, double)[(k * f->height + y) * f->width + x], expected(f, k, channels, x, y), 1e-15);
    wg_free(t);
}

static void all_colours_depths_and_orders_are_read(void **state)
{
    (void)state;
    static const int forms[][2] = {{PNG_COLOR_TYPE_GRAY, 1},        {PNG_COLOR_TYPE_GRAY, 2},      {PNG_COLOR_TYPE_GRAY, 4},
                                   {PNG_COLOR_TYPE_GRAY, 8},        {PNG_COLOR_TYPE_GRAY, 16},     {PNG_COLOR_TYPE_GRAY_ALPHA, 8},
                                   {PNG_COLOR_TYPE_GRAY_ALPHA, 16}, {PNG_COLOR_TYPE_PALETTE, 1},   {PNG_COLOR_TYPE_PALETTE, 2},
                                   {PNG_COLOR_TYPE_PALETTE, 4},     {PNG_COLOR_TYPE_PALETTE, 8},   {PNG_COLOR_TYPE_RGB, 8},
                                   {PNG_COLOR_TYPE_RGB, 16},        {PNG_COLOR_TYPE_RGB_ALPHA, 8}, {PNG_COLOR_TYPE_RGB_ALPHA, 16}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        for (int k = 0; k < 16; k++) {
            struct form f = {forms[i][0], forms[i][1], k % 2, 11, 9, .transparent = k / 8};
            if (f.transparent && f.colour != PNG_COLOR_TYPE_PALETTE && f.colour != PNG_COLOR_TYPE_GRAY)
                continue;
            assert_is_read(&f, (const int[]){0, 1, 3, 4}[k / 2 % 4]);
        }
    assert_no_error();
}

static void options_are_kept(void **state)
{
    (void)state;
    const struct image image = png_of((struct form){PNG_COLOR_TYPE_RGB, 8, 0, 5, 4, false});
    wg_tensor *t = wg_dataset_parse_png(image.at, image.n, "image", .flat = true);
    assert_shape(t, WG_SHAPE(3 * 4 * 5));
    assert_int_equal(wg_dtype_of(t), WG_F32);
    wg_free(t);
    assert_null(wg_dataset_parse_png(image.at, image.n, "image", .max_side = 4));
    assert_error(WG_E_IO, "image, byte 33: Invalid IHDR data");
    assert_null(wg_dataset_parse_png(image.at, image.n, "image", .max_bytes = 59));
    assert_error(WG_E_IO, "image, byte 16: an image of 60 bytes (see .max_bytes)");
    assert_null(wg_dataset_parse_png(image.at, image.n, "image", .channels = 2));
    assert_error(WG_E_ARGUMENT, "dataset_parse_png: expected .channels 0, 1, 3 or 4, got 2");
    assert_null(wg_dataset_parse_png(image.at, image.n, "image", .dtype = WG_U8));
    assert_error(WG_E_DTYPE, "dataset_parse_png: expected .dtype f32 or f64, got u8");
    assert_null(wg_dataset_parse_png(image.at, image.n, "image", .max_side = 0));
    assert_error(WG_E_ARGUMENT, "dataset_parse_png: expected .max_side 1 to 2^20, got 0");
    assert_no_error();
}

/* ---- bad files ---- */

static void each_truncation_and_each_changed_byte_is_refused(void **state)
{
    (void)state;
    const struct image image = png_of((struct form){PNG_COLOR_TYPE_PALETTE, 8, 1, 5, 4, true});
    for (size_t n = 0; n < image.n; n++) {
        unsigned char *exact = exact_copy(image.at, n);
        assert_null(wg_dataset_parse_png(exact, n, "cut"));
        assert_error(WG_E_IO, "dataset_parse_png: cut, byte ");
        free(exact);
    }
    int read = 0;
    for (size_t i = 0; i < image.n; i++) { /* a CRC is over each chunk; texts, which are left out, may be damaged */
        struct image changed = image;
        changed.at[i] ^= 1;
        wg_tensor *t = wg_dataset_parse_png(changed.at, changed.n, "changed");
        read += t != NULL;
        wg_free(t);
        (void)wg_error_take(NULL);
    }
    assert_true(read < 40);
    struct image tail = image;
    put(&tail, "x", 1);
    assert_null(wg_dataset_parse_png(tail.at, tail.n, "tail"));
    assert_error(WG_E_IO, "expected the end, got 1 more bytes");
}

/* A header alone with its CRC. */
static struct image header_of(uint32_t width, uint32_t height)
{
    struct image image = {.n = 0};
    put(&image, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    put_number(&image, width, 4, true), put_number(&image, height, 4, true);
    put(&image, "\x10\6\0\0\0", 5);
    put_number(&image, crc32(crc32(0, NULL, 0), image.at + 12, 17), 4, true);
    put(&image, "\0\0\0\0IDAT", 8);
    put_number(&image, crc32(crc32(0, NULL, 0), image.at + image.n - 4, 4), 4, true);
    return image;
}

static void large_headers_of_small_files_are_refused(void **state)
{
    (void)state;
    const struct image large = header_of(16384, 16384), larger = header_of(0x7fffffff, 0x7fffffff), none = header_of(0, 1);
    assert_null(wg_dataset_parse_png(large.at, large.n, "large"));
    assert_error(WG_E_IO, "dataset_parse_png: large, byte 16: an image of 16384x16384 cannot be in 45 bytes");
    assert_null(wg_dataset_parse_png(larger.at, larger.n, "larger"));
    assert_error(WG_E_IO, "dataset_parse_png: larger, byte 33: Invalid IHDR data");
    assert_null(wg_dataset_parse_png(none.at, none.n, "none"));
    assert_error(WG_E_IO, "dataset_parse_png: none, byte 33: Invalid IHDR data");
    assert_null(wg_dataset_parse_png("GIF89a", 6, "other"));
    assert_error(WG_E_IO, "dataset_parse_png: other, byte 0: expected 8 bytes of a PNG file, got 6");
    assert_null(wg_dataset_parse_png("GIF89a, and more", 16, "other"));
    assert_error(WG_E_IO, "dataset_parse_png: other, byte 8: Not a PNG file");
}

/* ---- folders ---- */

static void make_class(const char *set, const char *name)
{
    char path[100];
    mkdir(in_folder(set), 0777);
    snprintf(path, sizeof path, "%s/%s", set, name);
    assert_int_equal(mkdir(in_folder(path), 0777), 0);
}

static void write_png(const char *name, struct form f)
{
    const struct image image = png_of(f);
    write_file(name, image.at, image.n);
}

static void folders_become_sets_in_sorted_order(void **state)
{
    (void)state;
    const struct form rgb = {PNG_COLOR_TYPE_RGB, 8, 0, 3, 2, false}, gray = {PNG_COLOR_TYPE_GRAY, 16, 0, 3, 2, false};
    make_class("set", "dog"), make_class("set", "cat"), make_class("set", ".hidden");
    write_png("set/dog/b.png", rgb), write_png("set/dog/a.png", gray), write_png("set/cat/10.png", rgb);
    write_file("set/dog/notes.txt", "x", 1), write_file("set/readme.png", "x", 1), write_file("set/dog/.c.png", "x", 1);
    wg_tensor *x = NULL, *y = NULL;
    wg_dataset_classes *classes = NULL;
    assert_int_equal(wg_dataset_read_folder(in_folder("set"), &x, &y, &classes, .dtype = WG_F64), WG_OK);
    assert_shape(x, WG_SHAPE(3, 3, 2, 3)); /* cat/10, dog/a, dog/b; the first one has three channels */
    assert_memory_equal(wg_data_as(y, int64_t), ((const int64_t[]){0, 1, 1}), 3 * sizeof(int64_t));
    for (int i = 0; i < 54; i++)
        assert_close(wg_data_as(x, double)[i], expected(i / 18 == 1 ? &gray : &rgb, i / 6 % 3, 3, i % 3, i / 3 % 2), 1e-15);
    assert_int_equal(wg_dataset_classes_count(classes), 2);
    assert_string_equal(wg_dataset_classes_name(classes, 0), "cat");
    assert_string_equal(wg_dataset_classes_name(classes, 1), "dog");
    assert_null(wg_dataset_classes_name(classes, 2));
    assert_error(WG_E_ARGUMENT, "dataset_classes_name: 2 is not in 0..1");
    wg_dataset_classes_destroy(classes);
    wg_free(x), wg_free(y);
    assert_int_equal(wg_dataset_read_folder(in_folder("set"), &x, &y, NULL, .channels = 1, .flat = true), WG_OK);
    assert_shape(x, WG_SHAPE(3, 6));
    wg_free(x), wg_free(y);
    wg_tensor *one = wg_dataset_read_png(in_folder("set/dog/a.png"));
    assert_shape(one, WG_SHAPE(1, 2, 3));
    wg_free(one);
    assert_no_error();
}

static void folders_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    wg_tensor *x = NULL, *y = NULL;
    wg_dataset_classes *classes = NULL;
    make_class("odd", "a"), make_class("odd", "b");
    write_png("odd/a/1.png", (struct form){PNG_COLOR_TYPE_GRAY, 8, 0, 3, 2, false});
    assert_int_equal(wg_dataset_read_folder(in_folder("odd"), &x, &y, &classes), WG_E_IO);
    assert_error(WG_E_IO, "odd/b: there are no .png files");
    write_png("odd/b/1.png", (struct form){PNG_COLOR_TYPE_GRAY, 8, 0, 2, 3, false});
    assert_int_equal(wg_dataset_read_folder(in_folder("odd"), &x, &y, &classes), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "odd/b/1.png: expected 3x2 pixels, as the first image has, got 2x3");
    write_file("odd/b/1.png", "no image", 8);
    assert_int_equal(wg_dataset_read_folder(in_folder("odd"), &x, &y, &classes), WG_E_IO);
    assert_error(WG_E_IO, "odd/b/1.png, byte 8: Not a PNG file");
    write_png("odd/b/1.png", (struct form){PNG_COLOR_TYPE_GRAY, 8, 0, 3, 2, false});
    write_png("odd/a/1.png", (struct form){PNG_COLOR_TYPE_GRAY, 8, 0, 60, 2, false});
    write_png("odd/b/1.png", (struct form){PNG_COLOR_TYPE_GRAY, 8, 0, 60, 2, false});
    assert_int_equal(wg_dataset_read_folder(in_folder("odd"), &x, &y, &classes, .dtype = WG_F64, .max_bytes = 1919), WG_E_IO);
    assert_error(WG_E_IO, "odd: 2 images of 60x2 are more than 1919 bytes (see .max_bytes)");
    assert_int_equal(wg_dataset_read_folder(in_folder("odd"), &x, &y, NULL, .dtype = WG_F64, .max_bytes = 1920), WG_OK);
    wg_free(x), wg_free(y);
    x = y = NULL;
    assert_int_equal(symlink("nowhere", in_folder("odd/b/2.png")), 0);
    assert_int_equal(wg_dataset_read_folder(in_folder("odd"), &x, &y, &classes), WG_E_IO);
    assert_error(WG_E_IO, "odd/b/2.png: No such file");
    assert_int_equal(wg_dataset_read_folder(in_folder("odd/a"), &x, &y, &classes), WG_E_IO);
    assert_error(WG_E_IO, "odd/a: there are no folders, one for each class");
    assert_int_equal(wg_dataset_read_folder(in_folder("nothing"), &x, &y, &classes), WG_E_IO);
    assert_error(WG_E_IO, "nothing: No such file");
    assert_true(!x && !y && !classes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_colours_depths_and_orders_are_read),
        TEST(options_are_kept),
        TEST(each_truncation_and_each_changed_byte_is_refused),
        TEST(large_headers_of_small_files_are_refused),
        TEST(folders_become_sets_in_sorted_order),
        TEST(folders_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
