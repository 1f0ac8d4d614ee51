/* Arrays of NumPy are read. readers.py makes its files. */
#include <math.h>

#include "readers_check.h"

/* ---- files that NumPy wrote ---- */

static wg_tensor *read_committed(const char *name, const char *ending)
{
    char path[300];
    snprintf(path, sizeof path, READERS "/%s%s.npy", name, ending);
    wg_tensor *t = wg_dataset_read_npy(path);
    if (!t)
        fail_msg("%s", wg_error_first()->message);
    return t;
}

static void assert_holds(wg_tensor *t, const char *code, wg_dtype dtype, wg_shape shape)
{
    assert_int_equal(wg_dtype_of(t), dtype);
    assert_shape(t, shape);
    assert_true(wg_is_contiguous(t));
    wg_tensor *wide = wg_cast(t, WG_F64);
    for (int64_t i = 0; i < wg_numel(t); i++)
        assert_true(wg_data_as(wide, double)[i] == value(code[0], code[1] - '0', i));
    wg_free(wide);
}

static const struct {
    const char *code;
    wg_dtype dtype;
} codes[] = {{"b1", WG_U8},  {"i1", WG_I64}, {"i2", WG_I64}, {"i4", WG_I64}, {"i8", WG_I64}, {"u1", WG_U8},
             {"u2", WG_I64}, {"u4", WG_I64}, {"u8", WG_I64}, {"f2", WG_F32}, {"f4", WG_F32}, {"f8", WG_F64}};

static void all_dtypes_and_orders_are_read(void **state)
{
    (void)state;
    static const char *const endings[] = {"", ".fortran", ".big"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        for (int k = 0; k < (codes[i].code[1] == '1' ? 2 : 3); k++) {
            wg_tensor *t = read_committed(codes[i].code, endings[k]);
            assert_holds(t, codes[i].code, codes[i].dtype, WG_SHAPE(2, 3, 4));
            wg_free(t);
        }
    assert_no_error();
}

static void all_versions_and_ranks_are_read(void **state)
{
    (void)state;
    const struct {
        const char *name, *code;
        wg_dtype dtype;
        wg_shape shape;
    } files[] = {
        {"version2", "f4", WG_F32, WG_SHAPE(2, 3, 4)}, {"version3", "f4", WG_F32, WG_SHAPE(2, 3, 4)},
        {"scalar", "f8", WG_F64, WG_SCALAR},           {"one", "i4", WG_I64, WG_SHAPE(5)},
        {"none", "f4", WG_F32, WG_SHAPE(3, 0, 2)},     {"eight", "f4", WG_F32, WG_SHAPE(1, 2, 1, 3, 1, 1, 2, 1)},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        wg_tensor *t = read_committed(files[i].name, "");
        assert_holds(t, files[i].code, files[i].dtype, files[i].shape);
        wg_free(t);
    }
    assert_no_error();
}

static void what_has_no_counterpart_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        wg_status code;
        const char *message;
    } files[] = {
        {READERS "/large.npy", WG_E_DTYPE, "byte 136: element 1, of dtype u8, is beyond i64's 63 bits"},
        {READERS "/complex.npy", WG_E_DTYPE, "byte 20: the dtype \"<c16\" has no counterpart here"},
        {READERS "/text.npy", WG_E_DTYPE, "byte 20: the dtype \"<U2\" has no counterpart here"},
        {READERS "/object.npy", WG_E_DTYPE, "byte 20: the dtype \"|O\" has no counterpart here"},
        {READERS "/structure.npy", WG_E_DTYPE, "byte 20: a structured dtype has no counterpart here"},
        {READERS "/nine.npy", WG_E_IO, "a shape of more than 8 axes"},
        {READERS "/all.npz", WG_E_IO, "byte 0: expected a .npy file, which begins with \\x93NUMPY"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        assert_null(wg_dataset_read_npy(files[i].path));
        assert_error(files[i].code, files[i].message);
    }
    assert_null(wg_dataset_read_npy(READERS "/f4.npy", .max_bytes = 100));
    assert_error(WG_E_IO, "f4.npy has more than 100 bytes (see .max_bytes)");
}

/* ---- bad files ---- */

#define ONCE "expected descr, fortran_order and shape in the header, each once, and nothing else"

static const struct {
    const char *header;
    size_t data;
    wg_status code;
    const char *message; /* behind "dataset_parse_npy: bad, " */
} bad[] = {
    {"", 0, WG_E_IO, "byte 10: expected \"{\" in the header"},
    {"{}\n", 0, WG_E_IO, "byte 12: " ONCE},
    {DICT("'<f4'", "False", "(2,)"), 8, WG_E_IO, "byte 65: expected spaces and a newline behind the dict"},
    {DICT("'<f4'", "False", "(2,)") "x\n", 8, WG_E_IO, "byte 65: expected spaces and a newline behind the dict"},
    {DICT("'<f4'", "False", "(2,)") "\n\n", 8, WG_E_IO, "byte 65: expected spaces and a newline behind the dict"},
    {DICT("'<f4'", "False", "(2,)") "\n", 7, WG_E_IO, "byte 66: expected 8 bytes of elements, got 7"},
    {DICT("'<f4'", "False", "(2,)") "\n", 9, WG_E_IO, "byte 74: expected the end, got 1 more bytes"},
    {DICT("'<f4'", "False", "(0,)") "\n", 4, WG_E_IO, "byte 66: expected the end, got 4 more bytes"},
    {DICT("'<f4'", "false", "(2,)") "\n", 8, WG_E_IO, "byte 44: expected True or False"},
    {DICT("'<f4'", "0", "(2,)") "\n", 8, WG_E_IO, "byte 44: expected True or False"},
    {DICT("'<f4'", "False", "(2)") "\n", 8, WG_E_IO, "byte 62: expected a tuple, which has a comma, in the shape"},
    {DICT("'<f4'", "False", "[2]") "\n", 8, WG_E_IO, "byte 60: expected \"(\" in the header"},
    {DICT("'<f4'", "False", "(-2,)") "\n", 8, WG_E_IO, "byte 61: expected an extent, a whole number"},
    {DICT("'<f4'", "False", "(2.0,)") "\n", 8, WG_E_IO, "byte 62: expected \",\" in the shape"},
    {DICT("'<f4'", "False", "(2L,)") "\n", 8, WG_E_IO, "byte 62: expected \",\" in the shape"},
    {DICT("'<f4'", "False", "(02,)") "\n", 8, WG_E_IO, "byte 61: expected an extent, a whole number"},
    {DICT("'<f4'", "False", "(,)") "\n", 8, WG_E_IO, "byte 61: expected an extent, a whole number"},
    {DICT("'<f4'", "False", "(2,,)") "\n", 8, WG_E_IO, "byte 63: expected an extent, a whole number"},
    {DICT("'<f4'", "False", "(2, 3"), 8, WG_E_IO, "byte 65: expected \",\" in the shape"},
    {DICT("'<f4'", "False", "(9223372036854775808,)") "\n", 8, WG_E_IO, "byte 61: an extent beyond 63 bits"},
    {DICT("'<f4'", "False", "(1, 2, 3, 4, 5, 6, 7, 8, 9)") "\n", 8, WG_E_IO, "byte 85: a shape of more than 8 axes"},
    /* products that wrap to 0, to a small number, in bytes, and with an extent of 0 among them */
    {DICT("'<f4'", "False", "(4294967296, 4294967296)") "\n", 0, WG_E_IO, "byte 86: the product of the extents is beyond 63 bits"},
    {DICT("'<f4'", "False", "(9223372036854775807, 2)") "\n", 8, WG_E_IO, "byte 86: the product of the extents is beyond 63 bits"},
    {DICT("'<f8'", "False", "(2305843009213693952,)") "\n", 0, WG_E_IO, "byte 84: the product of the extents is beyond 63 bits"},
    {DICT("'<f4'", "False", "(4294967296, 4294967296, 0)") "\n", 0, WG_E_IO,
     "byte 89: the product of the extents is beyond 63 bits"},
    {DICT("'<f3'", "False", "(2,)") "\n", 8, WG_E_DTYPE, "byte 20: the dtype \"<f3\" has no counterpart here"},
    {DICT("'f4'", "False", "(2,)") "\n", 8, WG_E_DTYPE, "byte 20: the dtype \"f4\" has no counterpart here"},
    {DICT("'~f4'", "False", "(2,)") "\n", 8, WG_E_DTYPE, "byte 20: the dtype \"~f4\" has no counterpart here"},
    {DICT("'<f4x'", "False", "(2,)") "\n", 8, WG_E_DTYPE, "byte 20: the dtype \"<f4x\" has no counterpart here"},
    {DICT("'<b8'", "False", "(1,)") "\n", 8, WG_E_DTYPE, "byte 20: the dtype \"<b8\" has no counterpart here"},
    {DICT("'\x01'", "False", "(1,)") "\n", 8, WG_E_DTYPE, "byte 20: the dtype \"?\" has no counterpart here"},
    {DICT("<f4", "False", "(2,)") "\n", 8, WG_E_IO, "byte 20: expected a text in quotes in the header"},
    {DICT("'<f4", "False", "(2,)") "\n", 8, WG_E_DTYPE, "byte 20: the dtype \"<f4, \" has no counterpart here"},
    {DICT("'\\x3cf4'", "False", "(2,)") "\n", 8, WG_E_IO, "byte 20: expected a text without escapes, which ends, in the header"},
    {"{'descr", 0, WG_E_IO, "byte 11: expected a text without escapes, which ends, in the header"},
    {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n", 8, WG_E_IO, "byte 27: " ONCE},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}\n", 8, WG_E_IO, "byte 66: " ONCE},
    {"{'descr': '<f4', 'fortran_order': False}\n", 8, WG_E_IO, "byte 50: " ONCE},
    {"{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}\n", 8, WG_E_IO, "byte 26: expected \",\" or \"}\" in the header"},
    {"{'descr' '<f4', 'fortran_order': False, 'shape': (2,)}\n", 8, WG_E_IO, "byte 19: expected \":\" in the header"},
    {"['descr', '<f4']\n", 8, WG_E_IO, "byte 10: expected \"{\" in the header"},
    {DICT("'|b1'", "False", "(2,)") "\n", 2, WG_E_IO, "byte 67: expected 0 or 1, a bool, got 2"},
};

static void refuse(const void *bytes, size_t n, wg_status code, const char *message)
{
    char expected[300];
    unsigned char *exact = exact_copy(bytes, n);
    wg_tensor *t = wg_dataset_parse_npy(exact, n, "bad");
    if (t)
        fail_msg("it was read where \"%s\" is expected", message);
    snprintf(expected, sizeof expected, "dataset_parse_npy: bad, %s", message);
    assert_string_equal(wg_error_first()->message, expected);
    assert_error(code, expected);
    free(exact);
}

static void bad_headers_are_refused_by_byte(void **state)
{
    (void)state;
    static const unsigned char data[] = {1, 2, 1, 0, 1, 0, 1, 0, 1};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct image image = npy_of(1, bad[i].header, data, bad[i].data);
        refuse(image.at, image.n, bad[i].code, bad[i].message);
    }
}

/* Unsigned numbers of 64 bits, in either order of bytes, up to 2^63 - 1. */
static void large_unsigned_numbers_are_refused(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct image image = npy_of(1, big ? DICT("'>u8'", "False", "(2,)") "\n" : DICT("'<u8'", "False", "(2,)") "\n", NULL, 0);
        put_number(&image, 0x00ff8080808080ffu, 8, big), put_number(&image, INT64_MAX, 8, big);
        wg_tensor *t = wg_dataset_parse_npy(image.at, image.n, "good");
        assert_memory_equal(wg_data_as(t, int64_t), ((const int64_t[]){0x00ff8080808080ff, INT64_MAX}), 16);
        wg_free(t);
        image.n -= 8;
        put_number(&image, (uint64_t)1 << 63, 8, big);
        refuse(image.at, image.n, WG_E_DTYPE, "byte 74: element 1, of dtype u8, is beyond i64's 63 bits");
    }
    assert_no_error();
}

/* The elements are no part of the header, even where they would go on with it. */
static void headers_end_where_they_say(void **state)
{
    (void)state;
    static const char *const parts[][3] = {
        {"{'descr': '<f4', 'fortran_order': Tru", "e, 'shape': ()}\n", "byte 44: expected True or False"},
        {"{'descr': '<f4', 'fortran_order': Fals", "e, 'shape': ()}\n", "byte 44: expected True or False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1", "1,)}\n", "byte 62: expected \",\" in the shape"},
        {"{'descr': '<f", "4', 'shape': ()}\n", "byte 20: expected a text without escapes, which ends, in the header"},
        {"{'descr': ", "'<f4'}\n", "byte 20: expected a text in quotes in the header"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}", "\n", "byte 63: expected spaces and a newline behind the dict"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const struct image image = npy_of(1, parts[i][0], parts[i][1], strlen(parts[i][1]));
        refuse(image.at, image.n, WG_E_IO, parts[i][2]);
    }
}

static void bad_preambles_are_refused_by_byte(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *message;
    } preambles[] = {
        /* mlx#3365: 12 bytes, which ask for a header of 4 GiB */
        {"\x93NUMPY\x02\x00\xff\xff\xff\xff", 12, "byte 8: a header of 4294967295 bytes, above the limit of 65536"},
        {"\x93NUMPY\x02\x00\x01\x00\x01\x00", 12, "byte 8: a header of 65537 bytes, above the limit of 65536"},
        {"\x93NUMPY\x02\x00\x00\x00\x01\x00", 12, "byte 12: expected 65536 bytes of header, got 0"},
        {"\x93NUMPY\x01\x00\xff\xff", 10, "byte 10: expected 65535 bytes of header, got 0"},
        {"\x93NUMPY\x01\x00\x05", 9, "byte 8: expected 2 bytes of the header's length, got 1"},
        {"\x93NUMPY\x00\x00\x00\x00", 10, "byte 6: expected the version 1.0, 2.0 or 3.0, got 0.0"},
        {"\x93NUMPY\x04\x00\x00\x00", 10, "byte 6: expected the version 1.0, 2.0 or 3.0, got 4.0"},
        {"\x93NUMPY\x01\x01\x00\x00", 10, "byte 6: expected the version 1.0, 2.0 or 3.0, got 1.1"},
        {"\x93NUMPX\x01\x00\x00\x00", 10, "byte 0: expected a .npy file, which begins with \\x93NUMPY"},
        {"", 0, "byte 0: expected 8 bytes of a .npy header, got 0"},
    };
    for (size_t i = 0; i < sizeof preambles / sizeof *preambles; i++)
        refuse(preambles[i].bytes, preambles[i].n, WG_E_IO, preambles[i].message);
}

static void each_truncation_is_refused(void **state)
{
    (void)state;
    const float data[] = {1, 2};
    for (int version = 1; version <= 3; version++) {
        const struct image image = npy_of(version, DICT("'<f4'", "False", "(2,)") "   \n", data, sizeof data);
        for (size_t n = 0; n < image.n; n++) {
            unsigned char *exact = exact_copy(image.at, n);
            assert_null(wg_dataset_parse_npy(exact, n, "cut"));
            assert_error(WG_E_IO, "dataset_parse_npy: cut, byte ");
            free(exact);
        }
        wg_tensor *t = wg_dataset_parse_npy(image.at, image.n, "whole");
        assert_values(t, (const double[]){1, 2}, 0);
        wg_free(t);
    }
    /* keys in any order, either quote, spaces, a comma or none, the order of bytes that is this machine's */
    const struct image image = npy_of(1, "{ \"shape\" :( 1 ,2 ), 'descr':'=f4','fortran_order' : True , } \n", data, sizeof data);
    wg_tensor *t = wg_dataset_parse_npy(image.at, image.n, "other");
    assert_shape(t, WG_SHAPE(1, 2));
    wg_free(t);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_dtypes_and_orders_are_read),    TEST(all_versions_and_ranks_are_read), TEST(what_has_no_counterpart_is_refused),
        TEST(bad_headers_are_refused_by_byte),   TEST(headers_end_where_they_say),      TEST(large_unsigned_numbers_are_refused),
        TEST(bad_preambles_are_refused_by_byte), TEST(each_truncation_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
