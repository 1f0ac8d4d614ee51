/* IDX, pairs of its files as MNIST has, and the built-in digits. */
#include <math.h>
#include <zlib.h>

#include "readers_check.h"

/* ---- IDX ---- */

static struct image idx_of(unsigned char type, int rank, const int64_t *extent)
{
    struct image image = {.n = 0};
    put(&image, (const unsigned char[]){0, 0, type, (unsigned char)rank}, 4);
    for (int i = 0; i < rank; i++)
        put_number(&image, (uint64_t)extent[i], 4, true);
    return image;
}

static void put_float(struct image *image, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_number(image, bits, 4, true);
}

static void put_double(struct image *image, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_number(image, bits, 8, true);
}

static void six_types_are_read(void **state)
{
    (void)state;
    static const struct {
        unsigned char type;
        size_t size;
        wg_dtype dtype;
    } types[] = {{0x08, 1, WG_U8}, {0x09, 1, WG_I64}, {0x0b, 2, WG_I64}, {0x0c, 4, WG_I64}, {0x0d, 4, WG_F32}, {0x0e, 8, WG_F64}};
    for (size_t k = 0; k < 6; k++) {
        struct image image = idx_of(types[k].type, 2, (const int64_t[]){3, 100});
        double expected[300];
        for (int i = 0; i < 300; i++) { /* more than a block of those that are converted at once */
            const int64_t whole = types[k].size == 1 ? i % 128 : i * (types[k].size == 2 ? 100 : 1000001);
            const int64_t value = types[k].type == 0x08 || i % 2 ? whole : -whole;
            expected[i] = types[k].type >= 0x0d ? (double)((float)value / 4) : (double)value;
            if (types[k].type == 0x0d)
                put_float(&image, (float)value / 4);
            else if (types[k].type == 0x0e)
                put_double(&image, expected[i]);
            else
                put_number(&image, (uint64_t)value, types[k].size, true);
        }
        unsigned char *exact = exact_copy(image.at, image.n);
        wg_tensor *t = wg_dataset_parse_idx(exact, image.n, "six");
        free(exact);
        assert_non_null(t);
        assert_int_equal(wg_dtype_of(t), types[k].dtype);
        assert_shape(t, WG_SHAPE(3, 100));
        wg_tensor *wide = wg_cast(t, WG_F64);
        for (int i = 0; i < 300; i++)
            assert_true(wg_data_as(wide, double)[i] == expected[i]);
        wg_free(t), wg_free(wide);
    }
    assert_no_error();
}

static void scalars_ranks_and_no_elements_are_read(void **state)
{
    (void)state;
    struct image image = idx_of(0x08, 0, NULL);
    put_number(&image, 7, 1, true);
    wg_tensor *t = wg_dataset_parse_idx(image.at, image.n, "scalar");
    assert_shape(t, WG_SCALAR);
    assert_int_equal(wg_data_as(t, uint8_t)[0], 7);
    wg_free(t);
    image = idx_of(0x0e, 8, (const int64_t[]){1, 2, 1, 1, 1, 1, 1, 1});
    put_double(&image, 0.1), put_double(&image, INFINITY);
    t = wg_dataset_parse_idx(image.at, image.n, "eight");
    assert_int_equal(wg_rank(t), 8);
    assert_true(wg_data_as(t, double)[0] == 0.1 && wg_data_as(t, double)[1] == INFINITY);
    wg_free(t);
    image = idx_of(0x0d, 2, (const int64_t[]){0, 4});
    t = wg_dataset_parse_idx(image.at, image.n, "none");
    assert_shape(t, WG_SHAPE(0, 4));
    wg_free(t);
    assert_no_error();
}

static const struct {
    unsigned char bytes[40];
    size_t n;
    const char *message;
} bad[] = {
    {{0}, 0, "dataset_parse_idx: bad, byte 0: expected 4 bytes of an IDX header, got 0"},
    {{0, 0, 8}, 3, "dataset_parse_idx: bad, byte 0: expected 4 bytes of an IDX header, got 3"},
    {{0, 1, 8, 1}, 4, "dataset_parse_idx: bad, byte 0: expected an IDX file, which begins with two bytes that are 0"},
    {{0x1f, 0x8b, 8, 1}, 4, "dataset_parse_idx: bad, byte 0: expected an IDX file, which begins with two bytes that are 0"},
    {{0, 0, 7, 1, 0, 0, 0, 0}, 8, "dataset_parse_idx: bad, byte 2: expected the type 08, 09, 0B, 0C, 0D or 0E, got 07"},
    {{0, 0, 0x0a, 1, 0, 0, 0, 0}, 8, "dataset_parse_idx: bad, byte 2: expected the type 08, 09, 0B, 0C, 0D or 0E, got 0A"},
    {{0, 0, 8, 9}, 40, "dataset_parse_idx: bad, byte 3: expected at most 8 axes, got 9"},
    {{0, 0, 8, 2, 0, 0, 0, 1}, 8, "dataset_parse_idx: bad, byte 4: expected 8 bytes of extents, got 4"},
    {{0, 0, 8, 1, 0, 0, 0, 2, 5}, 9, "dataset_parse_idx: bad, byte 8: expected 2 bytes of elements, got 1"},
    {{0, 0, 8, 1, 0, 0, 0, 2, 5, 6, 7}, 11, "dataset_parse_idx: bad, byte 10: expected the end, got 1 more bytes"},
    {{0, 0, 8, 1, 0, 0, 0, 0, 5}, 9, "dataset_parse_idx: bad, byte 8: expected the end, got 1 more bytes"},
    {{0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff}, 8, "dataset_parse_idx: bad, byte 8: expected 4294967295 bytes of elements, got 0"},
    /* 2^16 * 2^16 * 2^32 and, with an extent of 0 behind them, nothing, wrap to 0 */
    {{0, 0, 8, 3, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 4},
     16,
     "dataset_parse_idx: bad, byte 4: the product of the extents is beyond 63 bits"},
    {{0, 0, 14, 3, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0},
     16,
     "dataset_parse_idx: bad, byte 4: the product of the extents is beyond 63 bits"},
};

static void bad_files_are_refused_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        unsigned char *exact = exact_copy(bad[i].bytes, bad[i].n);
        assert_null(wg_dataset_parse_idx(exact, bad[i].n, "bad"));
        assert_string_equal(wg_error_first()->message, bad[i].message);
        assert_error(WG_E_IO, bad[i].message);
        free(exact);
    }
}

static void each_truncation_is_refused(void **state)
{
    (void)state;
    struct image image = idx_of(0x0c, 2, (const int64_t[]){2, 3});
    for (int i = 0; i < 6; i++)
        put_number(&image, (uint64_t)i, 4, true);
    for (size_t n = 0; n < image.n; n++) {
        unsigned char *exact = exact_copy(image.at, n);
        assert_null(wg_dataset_parse_idx(exact, n, "cut"));
        assert_error(WG_E_IO, "dataset_parse_idx: cut, byte ");
        free(exact);
    }
    wg_free(wg_dataset_parse_idx(image.at, image.n, "whole"));
    assert_no_error();
}

/* ---- files, and gzip ---- */

static void write_gzip(const char *name, const void *bytes, size_t n, int times)
{
    gzFile file = gzopen(in_folder(name), "wb");
    for (int i = 0; i < times; i++)
        assert_int_equal(gzwrite(file, bytes, (unsigned)n), n);
    assert_int_equal(gzclose(file), Z_OK);
}

static void append(const char *to, const char *from)
{
    char command[500];
    snprintf(command, sizeof command, "cat %s >> %s", in_folder(from), in_folder(to));
    assert_int_equal(system(command), 0);
}

static void compressed_files_are_read_up_to_max_bytes(void **state)
{
    (void)state;
    struct image image = idx_of(0x08, 1, (const int64_t[]){3});
    put(&image, "abc", 3);
    write_file("plain", image.at, image.n);
    write_gzip("small.gz", image.at, image.n, 1);
    for (int i = 0; i < 2; i++) {
        wg_tensor *t = wg_dataset_read_idx(in_folder(i ? "small.gz" : "plain"));
        assert_memory_equal(wg_data(t), "abc", 3);
        wg_free(t);
    }
    assert_null(wg_dataset_read_idx(in_folder("plain"), .max_bytes = 10));
    assert_error(WG_E_IO, "plain has more than 10 bytes (see .max_bytes)");
    static const char zeros[1 << 20];
    write_gzip("bomb.gz", zeros, sizeof zeros, 64); /* 64 MiB in 64 KiB */
    assert_null(wg_dataset_read_idx(in_folder("bomb.gz"), .max_bytes = 1 << 20));
    assert_error(WG_E_IO, "bomb.gz has more than 1048576 bytes (see .max_bytes)");
    wg_tensor *t = wg_dataset_read_idx(in_folder("plain"), .max_bytes = 11);
    assert_int_equal(wg_numel(t), 3);
    wg_free(t);
    assert_no_error();
}

static void bad_compression_is_refused(void **state)
{
    (void)state;
    struct image image = idx_of(0x08, 1, (const int64_t[]){100});
    for (int i = 0; i < 100; i++)
        put_number(&image, (uint64_t)i * 37 % 256, 1, true);
    write_gzip("whole.gz", image.at, image.n, 1);
    unsigned char bytes[400];
    FILE *stream = fopen(in_folder("whole.gz"), "rb");
    const size_t n = fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    for (size_t cut = 2; cut < n; cut++) {
        write_file("cut.gz", bytes, cut);
        assert_null(wg_dataset_read_idx(in_folder("cut.gz")));
        assert_error(WG_E_IO, "the compressed data end too early");
    }
    bytes[n - 5] ^= 1; /* of the sum */
    write_file("sum.gz", bytes, n);
    assert_null(wg_dataset_read_idx(in_folder("sum.gz")));
    assert_error(WG_E_IO, "the compressed data are damaged, or other bytes follow them");
    write_file("tail", "tail", 4);
    append("whole.gz", "tail");
    assert_null(wg_dataset_read_idx(in_folder("whole.gz")));
    assert_error(WG_E_IO, "the compressed data are damaged, or other bytes follow them");
    /* two members, one after the other, are one file */
    write_gzip("head.gz", image.at, 50, 1);
    write_gzip("rest.gz", image.at + 50, image.n - 50, 1);
    append("head.gz", "rest.gz");
    wg_tensor *t = wg_dataset_read_idx(in_folder("head.gz"));
    assert_memory_equal(wg_data(t), image.at + 8, 100);
    wg_free(t);
    assert_null(wg_dataset_read_idx(in_folder("nothing")));
    assert_error(WG_E_IO, "dataset_read_idx: ");
    assert_null(wg_dataset_read_idx(folder));
    assert_error(WG_E_IO, "Is a directory");
    assert_no_error();
}

/* ---- images and labels ---- */

enum { IMAGES = 5, HEIGHT = 28, WIDTH = 28, PIXELS = HEIGHT * WIDTH };

static void write_pair(void)
{
    struct image images = idx_of(0x08, 3, (const int64_t[]){IMAGES, HEIGHT, WIDTH}),
                 labels = idx_of(0x08, 1, (const int64_t[]){IMAGES});
    for (int i = 0; i < IMAGES * PIXELS; i++)
        put_number(&images, (uint64_t)i * 7 % 256, 1, true);
    for (int i = 0; i < IMAGES; i++)
        put_number(&labels, (uint64_t)(9 - i), 1, true);
    write_gzip("images.gz", images.at, images.n, 1);
    write_file("images", images.at, images.n);
    write_file("labels", labels.at, labels.n);
}

static void images_and_labels_are_read_together(void **state)
{
    (void)state;
    write_pair();
    for (int k = 0; k < 4; k++) {
        const bool flat = k % 2, wide = k / 2;
        wg_tensor *x = NULL, *y = NULL;
        assert_int_equal(wg_dataset_read_mnist(in_folder(flat ? "images" : "images.gz"), in_folder("labels"), &x, &y, .flat = flat,
                                               .dtype = wide ? WG_F64 : WG_F32),
                         WG_OK);
        assert_shape(x, flat ? WG_SHAPE(IMAGES, PIXELS) : WG_SHAPE(IMAGES, 1, HEIGHT, WIDTH));
        for (int i = 0; i < IMAGES * PIXELS; i++)
            assert_true(wide ? wg_data_as(x, double)[i] == i * 7 % 256 / 255.0
                             : wg_data_as(x, float)[i] == (float)(i * 7 % 256) / 255.0f);
        assert_memory_equal(wg_data_as(y, int64_t), ((const int64_t[]){9, 8, 7, 6, 5}), IMAGES * sizeof(int64_t));
        wg_free(x), wg_free(y);
    }
    assert_no_error();
}

static void pairs_that_do_not_agree_are_refused(void **state)
{
    (void)state;
    write_pair();
    struct image four = idx_of(0x08, 1, (const int64_t[]){4}), whole = idx_of(0x0c, 1, (const int64_t[]){0});
    put(&four, "abcd", 4);
    write_file("four", four.at, four.n);
    write_file("whole", whole.at, whole.n);
    wg_tensor *x = NULL, *y = NULL;
    assert_int_equal(wg_dataset_read_mnist(in_folder("images"), in_folder("four"), &x, &y), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "dataset_read_mnist: 5 images in ");
    assert_int_equal(wg_dataset_read_mnist(in_folder("images"), in_folder("whole"), &x, &y), WG_E_DTYPE);
    assert_error(WG_E_DTYPE, "whole: expected labels, U8 of 1 axis, got I32 [0]");
    assert_int_equal(wg_dataset_read_mnist(in_folder("labels"), in_folder("images"), &x, &y), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "labels: expected images, U8 of 3 axes, got U8 [5]");
    assert_int_equal(wg_dataset_read_mnist(in_folder("images"), in_folder("labels"), &x, &y, .max_bytes = 100), WG_E_IO);
    assert_error(WG_E_IO, "images has more than 100 bytes");
    assert_int_equal(wg_dataset_read_mnist(in_folder("images"), in_folder("labels"), &x, &y, .dtype = WG_U8), WG_E_DTYPE);
    assert_error(WG_E_DTYPE, "expected .dtype f32 or f64, got u8");
    assert_true(!x && !y);
}

/* ---- the built-in digits ---- */

static void built_in_digits_are_those_of_the_file(void **state)
{
    (void)state;
    wg_tensor *x = NULL, *y = NULL, *raw = NULL, *labels = NULL, *wide = NULL;
    assert_int_equal(wg_dataset_digits(&x, &y), WG_OK);
    assert_shape(x, WG_SHAPE(1797, 1, 8, 8));
    assert_int_equal(wg_dataset_read_csv(DIGITS_CSV, &raw, &labels), WG_OK);
    for (int64_t i = 0; i < wg_numel(raw); i++)
        assert_true(wg_data_as(x, float)[i] * 16 == wg_data_as(raw, float)[i]);
    assert_same_bits(y, labels);
    wg_free(y);
    assert_int_equal(wg_dataset_digits(&wide, &y, .flat = true, .dtype = WG_F64), WG_OK);
    assert_shape(wide, WG_SHAPE(1797, 64));
    assert_true(wg_data_as(wide, double)[2] * 16 == wg_data_as(raw, float)[2]);
    assert_int_equal(wg_dataset_digits(&wide, &y, .dtype = WG_I64), WG_E_DTYPE);
    assert_error(WG_E_DTYPE, "dataset_digits: expected .dtype f32 or f64, got i64");
    wg_free(x), wg_free(y), wg_free(raw), wg_free(labels), wg_free(wide);
    assert_no_error();
}

/* On a tape they belong to it, and what fails leaves nothing on it. */
static void tensors_belong_to_the_open_tape(void **state)
{
    (void)state;
    write_pair();
    WG_TAPE(tape);
    wg_tensor *x = NULL, *y = NULL;
    assert_int_equal(wg_dataset_read_mnist(in_folder("images"), in_folder("labels"), &x, &y), WG_OK);
    wg_free(x);
    assert_error(WG_E_ARGUMENT, "free");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(six_types_are_read),
        TEST(scalars_ranks_and_no_elements_are_read),
        TEST(bad_files_are_refused_by_byte),
        TEST(each_truncation_is_refused),
        TEST(compressed_files_are_read_up_to_max_bytes),
        TEST(bad_compression_is_refused),
        TEST(images_and_labels_are_read_together),
        TEST(pairs_that_do_not_agree_are_refused),
        TEST(built_in_digits_are_those_of_the_file),
        TEST(tensors_belong_to_the_open_tape),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
