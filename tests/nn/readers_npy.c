/* Arrays of NumPy: its files are read here, ours there. readers.py makes and reads NumPy's side. */
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

/* Element i of an array of that kind, as readers.py makes them. */
static double value(char kind, int size, int64_t i)
{
    if (kind == 'b')
        return (double)(i % 2);
    if (kind == 'f')
        return (double)(7 * i - 40) / 4;
    const int64_t whole = kind == 'u' ? 7 * i : 7 * i - 40;
    return (double)(size == 1 && kind == 'i' ? (int8_t)whole : whole);
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

/* ---- writing ---- */

static wg_tensor *make(const char *code, wg_dtype dtype, wg_shape shape)
{
    wg_tensor *t = wg_zeros(dtype, shape);
    for (int64_t i = 0; i < wg_numel(t); i++) {
        const double v = value(code[0], code[1] - '0', i);
        if (dtype == WG_F32)
            wg_data_mut_as(t, float)[i] = (float)v;
        else if (dtype == WG_F64)
            wg_data_mut_as(t, double)[i] = v;
        else if (dtype == WG_I64)
            wg_data_mut_as(t, int64_t)[i] = (int64_t)v;
        else
            wg_data_mut_as(t, uint8_t)[i] = (uint8_t)v;
    }
    return t;
}

static int run_python(const char *what)
{
    char command[400];
    snprintf(command, sizeof command, "/usr/bin/python3 " READERS ".py %s %s 2>/dev/null", what, folder);
    return system(command);
}

static void write_ours(void)
{
    const struct {
        const char *code;
        wg_dtype dtype;
    } ours[] = {{"f4", WG_F32}, {"f8", WG_F64}, {"i8", WG_I64}, {"u1", WG_U8}};
    const struct {
        const char *name;
        wg_shape shape;
    } shapes[] = {{"scalar", WG_SCALAR}, {"one", WG_SHAPE(5)}, {"three", WG_SHAPE(2, 3, 4)}, {"none", WG_SHAPE(3, 0, 2)}};
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++) {
            char name[40];
            snprintf(name, sizeof name, "%s.%s.npy", ours[i].code, shapes[k].name);
            wg_tensor *t = make(ours[i].code, ours[i].dtype, shapes[k].shape);
            assert_int_equal(wg_dataset_write_npy(in_folder(name), t), WG_OK);
            wg_tensor *again = wg_dataset_read_npy(in_folder(name));
            assert_shape(again, shapes[k].shape);
            assert_same_bits(again, t);
            wg_free(t), wg_free(again);
        }
}

static void numpy_reads_what_is_written(void **state)
{
    (void)state;
    write_ours();
    wg_tensor *t[] = {make("f4", WG_F32, WG_SHAPE(2, 3, 4)), make("i8", WG_I64, WG_SHAPE(2)), make("f8", WG_F64, WG_SCALAR),
                      wg_zeros(WG_F64, WG_SHAPE(0))};
    const char *name[] = {"f4", "größe", "a/b", "none"};
    assert_int_equal(wg_dataset_write_npz(in_folder("ours.npz"), (wg_tensor_list){4, t, name}), WG_OK);
    assert_int_equal(run_python("--check"), 0);
    ((float *)wg_data_mut(t[0]))[23] += 1; /* the control */
    assert_int_equal(wg_dataset_write_npz(in_folder("ours.npz"), (wg_tensor_list){4, t, name}), WG_OK);
    assert_int_not_equal(run_python("--check"), 0);
    for (int i = 0; i < 4; i++)
        wg_free(t[i]);
    assert_no_error();
}

static void views_and_computed_values_are_written_in_their_order(void **state)
{
    (void)state;
    wg_tensor *t = make("f4", WG_F32, WG_SHAPE(2, 3)), *turned = wg_transpose(t, 0, 1);
    assert_int_equal(wg_dataset_write_npy(in_folder("turned.npy"), turned), WG_OK);
    wg_tensor *again = wg_dataset_read_npy(in_folder("turned.npy"));
    assert_shape(again, WG_SHAPE(3, 2));
    assert_values(again, (const double[]){-10, -4.75, -8.25, -3, -6.5, -1.25}, 0);
    wg_free(again), wg_free(turned);
    {
        WG_TAPE(tape);
        assert_int_equal(wg_dataset_write_npy(in_folder("doubled.npy"), wg_mul_scalar(t, 2)), WG_OK);
        again = wg_dataset_read_npy(in_folder("doubled.npy")); /* the tape's */
        assert_true(wg_data_as(again, float)[0] == -20);
    }
    wg_free(t);
    assert_no_error();
}

static void what_cannot_be_written_leaves_the_old_file(void **state)
{
    (void)state;
    wg_tensor *t = make("f4", WG_F32, WG_SHAPE(3));
    assert_int_equal(wg_dataset_write_npy(in_folder("kept.npy"), t), WG_OK);
    assert_int_equal(wg_dataset_write_npy(in_folder("no/folder.npy"), t), WG_E_IO);
    assert_error(WG_E_IO, "dataset_write_npy: ");
    assert_int_equal(wg_dataset_write_npy(in_folder(""), t), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "names no file");
    assert_int_equal(wg_dataset_write_npy(in_folder("kept.npy"), NULL), WG_E_NULL);
    assert_error(WG_E_NULL, "dataset_write_npy: the tensor is NULL");
    wg_tensor *again = wg_dataset_read_npy(in_folder("kept.npy"));
    assert_same_bits(again, t);
    wg_free(t), wg_free(again);
    assert_no_error();
}

/* ---- files changed at random: what is read here has the same elements in NumPy ---- */

static uint64_t random_state = 5;
static size_t below(size_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(random_state >> 33) % n;
}

static void changed_files_are_read_as_numpy_reads_them(void **state)
{
    (void)state;
    static const char letters[] = "<>|=fiub1248(),'0 ";
    int accepted = 0, refused = 0;
    for (int k = 0; k < 4000; k++) {
        const float data[] = {1, 2, 3, 4, 5, 6};
        struct image image = npy_of(1, DICT("'<f4'", "False", "(1, 6)") "\n", data, sizeof data);
        for (size_t i = 0; i < 1 + below(2); i++)
            image.at[(below(4) ? 10 : 0) + below(65)] = (unsigned char)letters[below(sizeof letters - 1)];
        wg_tensor *t = wg_dataset_parse_npy(image.at, image.n, "changed");
        refused += !t;
        if (!t) {
            assert_true(wg_error_first()->code == WG_E_IO || wg_error_first()->code == WG_E_DTYPE);
            (void)wg_error_take(NULL);
            continue;
        }
        char name[2][40];
        snprintf(name[0], sizeof name[0], "%04d.npy", k), snprintf(name[1], sizeof name[1], "%04d.ours.npy", k);
        write_file(name[0], image.at, image.n);
        assert_int_equal(wg_dataset_write_npy(in_folder(name[1]), t), WG_OK);
        accepted++;
        wg_free(t);
    }
    assert_true(accepted > 30 && refused > 1000);
    assert_int_equal(run_python("--same"), 0);
    wg_tensor *wrong = wg_zeros(WG_F32, WG_SHAPE(7)); /* the control */
    write_file("9999.npy", (const unsigned char[]){0}, 0);
    assert_int_equal(wg_dataset_write_npy(in_folder("9999.ours.npy"), wrong), WG_OK);
    assert_int_not_equal(run_python("--same"), 0);
    wg_free(wrong);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_dtypes_and_orders_are_read),
        TEST(all_versions_and_ranks_are_read),
        TEST(what_has_no_counterpart_is_refused),
        TEST(bad_headers_are_refused_by_byte),
        TEST(bad_preambles_are_refused_by_byte),
        TEST(each_truncation_is_refused),
        TEST(numpy_reads_what_is_written),
        TEST(views_and_computed_values_are_written_in_their_order),
        TEST(what_cannot_be_written_leaves_the_old_file),
        TEST(changed_files_are_read_as_numpy_reads_them),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
