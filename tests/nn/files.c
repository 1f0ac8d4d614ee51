/* Model files: what is written is read again, and bad ones are refused and change nothing. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "nn_check.h"

static char folder[] = "/tmp/wengert-files-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static const char *in_folder(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void write_file(const char *name, const void *bytes, size_t n)
{
    FILE *stream = fopen(in_folder(name), "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, n, stream), n);
    assert_int_equal(fclose(stream), 0);
}

/* ---- files of a header and data, both as given ---- */

enum { MOST = 4096 };
struct bytes {
    unsigned char at[MOST];
    size_t n;
};

static struct bytes file_of(const char *header, const void *data, size_t n)
{
    struct bytes b = {.n = 8 + strlen(header) + n};
    assert_true(b.n <= MOST);
    for (int i = 0; i < 8; i++)
        b.at[i] = (unsigned char)(strlen(header) >> 8 * i);
    memcpy(b.at + 8, header, strlen(header));
    if (n > 0)
        memcpy(b.at + 8 + strlen(header), data, n);
    return b;
}

static wg_tensor *find(wg_tensor_list list, const char *name)
{
    for (size_t i = 0; i < list.n; i++)
        if (strcmp(list.name[i], name) == 0)
            return list.tensor[i];
    fail_msg("there is no %s", name);
    return NULL;
}

/* Exactly, infinities too. */
static void assert_is(const wg_tensor *t, const double *expected)
{
    for (int64_t i = 0; i < wg_numel(t); i++)
        assert_true((wg_dtype_of(t) == WG_F64 ? wg_data_as(t, double)[i] : (double)wg_data_as(t, float)[i]) == expected[i]);
}

/* ---- what is written is read again ---- */

static void all_dtypes_shapes_and_texts_come_back(void **state)
{
    (void)state;
    wg_tensor *t[] = {wg_zeros(WG_U8, WG_SHAPE(3)),  wg_zeros(WG_F32, WG_SHAPE(2, 3)), wg_scalar(WG_F64, -0.1),
                      wg_zeros(WG_I64, WG_SHAPE(2)), wg_zeros(WG_F32, WG_SHAPE(0, 4)), wg_zeros(WG_F64, WG_SHAPE(0))};
    const char *name[] = {"byte", "näme \"with\" \\signs\\", "x", "whole", "none", "empty"};
    ((unsigned char *)wg_data_mut(t[0]))[1] = 255;
    for (int i = 0; i < 6; i++)
        ((float *)wg_data_mut(t[1]))[i] = i == 4 ? NAN : (float)i / 3;
    ((int64_t *)wg_data_mut(t[3]))[0] = INT64_MIN, ((int64_t *)wg_data_mut(t[3]))[1] = INT64_MAX;
    const wg_tensor_list list = {6, t, name};
    assert_int_equal(wg_save(in_folder("all"), list, .texts = WG_TEXTS("epoch", "12", "note", "π")), WG_OK);
    wg_file *file = wg_file_read(in_folder("all"));
    assert_non_null(file);
    assert_int_equal(wg_file_tensors(file).n, 6);
    for (int i = 0; i < 6; i++)
        assert_same_bits(find(wg_file_tensors(file), name[i]), t[i]);
    assert_string_equal(wg_file_text_of(file, "note"), "π");
    assert_null(wg_file_text_of(file, "step"));
    assert_error(WG_E_ARGUMENT, "file_text_of: the file has no text step");
    assert_null(wg_file_tensor(file, "y"));
    assert_error(WG_E_ARGUMENT, "file_tensor: the file has no tensor y");
    wg_file_destroy(file);
    for (int i = 0; i < 6; i++)
        wg_free(t[i]);
    assert_no_error();
}

/* Row by row, whatever lies in memory how. */
static void views_are_written_in_their_own_order(void **state)
{
    (void)state;
    wg_tensor *t = wg_zeros(WG_F32, WG_SHAPE(2, 3));
    for (int i = 0; i < 6; i++)
        ((float *)wg_data_mut(t))[i] = (float)i;
    wg_tensor *turned = wg_transpose(t, 0, 1);
    const char *name = "t";
    assert_int_equal(wg_save(in_folder("turned"), ((wg_tensor_list){1, &turned, &name})), WG_OK);
    wg_file *file = wg_file_read(in_folder("turned"));
    const float rows[] = {0, 3, 1, 4, 2, 5};
    assert_memory_equal(wg_data(wg_file_tensor(file, "t")), rows, sizeof rows);
    assert_int_equal(wg_extent(wg_file_tensor(file, "t"), 0), 3);
    /* and read into a view */
    wg_tensor *other = wg_zeros(WG_F32, WG_SHAPE(2, 3)), *place = wg_transpose(other, 0, 1);
    assert_int_equal(wg_load(in_folder("turned"), ((wg_tensor_list){1, &place, &name})), WG_OK);
    assert_same_bits(other, t);
    wg_file_destroy(file);
    wg_free(turned), wg_free(t), wg_free(place), wg_free(other);
    assert_no_error();
}

/* A network's whole state, and the same outputs after it. */
static void a_network_comes_back(void **state)
{
    (void)state;
    wg_nn_module *net[2];
    for (int i = 0; i < 2; i++)
        net[i] = wg_nn_sequential(wg_nn_linear(4, 6), wg_nn_batch_norm(6), wg_nn_relu(), wg_nn_linear(6, 2));
    assert_int_equal(wg_save(in_folder("net"), wg_nn_state(net[0])), WG_OK);
    assert_int_equal(wg_load(in_folder("net"), wg_nn_state(net[1])), WG_OK);
    for (size_t i = 0; i < wg_nn_state(net[0]).n; i++)
        assert_same_bits(wg_nn_state(net[0]).tensor[i], wg_nn_state(net[1]).tensor[i]);
    wg_nn_destroy(net[0]), wg_nn_destroy(net[1]);
    assert_no_error();
}

/* The case of the format's own tracker: two tensors without elements at one place are no overlap. */
static void empty_tensors_share_a_place(void **state)
{
    (void)state;
    const float c = 1.5f;
    const struct bytes b = file_of(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,0],\"data_offsets\":[0,0]},\"b\":{\"dtype\":\"F32\",\"shape\":[0],"
        "\"data_offsets\":[0,0]},\"c\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}   ",
        &c, sizeof c);
    wg_file *file = wg_file_parse(b.at, b.n, "empty");
    assert_non_null(file);
    assert_int_equal(wg_extent(wg_file_tensor(file, "a"), 0), 2);
    assert_close(wg_item(wg_file_tensor(file, "c")), 1.5, 0);
    assert_int_equal(wg_save(in_folder("again"), wg_file_tensors(file)), WG_OK);
    wg_file *again = wg_file_read(in_folder("again"));
    for (size_t i = 0; i < 3; i++)
        assert_same_bits(wg_file_tensors(file).tensor[i], find(wg_file_tensors(again), wg_file_tensors(file).name[i]));
    wg_file_destroy(file), wg_file_destroy(again);
    assert_no_error();
}

/* Half precision, with denormals and infinities, and small integers. */
static void other_dtypes_are_converted(void **state)
{
    (void)state;
    const uint16_t half[] = {0x3c00, 0xc000, 0x0001, 0x83ff, 0x7c00, 0x7bff}, brain[] = {0x3f80, 0xc049, 0x0001, 0xff80, 0x7f7f, 0};
    const double of_half[] = {1, -2, 0x1p-24, -1023 * 0x1p-24, INFINITY, 65504},
                 of_brain[] = {1, -3.140625, 0x1p-133, -INFINITY, 0x1.fep127, 0};
    for (int b = 0; b < 2; b++) {
        char header[200];
        snprintf(header, sizeof header, "{\"h\":{\"dtype\":\"%s\",\"shape\":[6],\"data_offsets\":[0,12]}}", b ? "BF16" : "F16");
        const struct bytes bytes = file_of(header, b ? brain : half, 12);
        wg_file *file = wg_file_parse(bytes.at, bytes.n, "half");
        assert_is(wg_file_tensor(file, "h"), b ? of_brain : of_half);
        wg_file_destroy(file);
        write_file("half", bytes.at, bytes.n);
        wg_tensor *wide = wg_zeros(WG_F64, WG_SHAPE(6));
        const char *name = "h";
        assert_int_equal(wg_load(in_folder("half"), ((wg_tensor_list){1, &wide, &name})), WG_E_DTYPE);
        assert_error(WG_E_DTYPE, "16 in the file, f64 here (.convert = true converts)");
        assert_int_equal(wg_load(in_folder("half"), ((wg_tensor_list){1, &wide, &name}), .convert = true), WG_OK);
        assert_is(wide, b ? of_brain : of_half);
        wg_free(wide);
    }
    const int16_t whole[] = {-3, 32767};
    const struct bytes bytes = file_of("{\"w\":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[0,4]}}", whole, sizeof whole);
    wg_file *file = wg_file_parse(bytes.at, bytes.n, "whole");
    assert_int_equal(wg_data_as(wg_file_tensor(file, "w"), int64_t)[0], -3);
    assert_int_equal(wg_data_as(wg_file_tensor(file, "w"), int64_t)[1], 32767);
    wg_file_destroy(file);
    assert_no_error();
}

/* ---- lists that do not fit ---- */

static void what_does_not_fit_is_listed(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_linear(2, 3), *other = wg_nn_linear(3, 3), *without = wg_nn_linear(2, 3, .bias = false),
                 *wide = wg_nn_linear(2, 3, .dtype = WG_F64);
    assert_int_equal(wg_save(in_folder("linear"), wg_nn_state(net)), WG_OK);
    assert_int_equal(wg_load(in_folder("linear"), wg_nn_state(other)), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "shape of weight (3,2) in the file, (3,3) here");
    assert_int_equal(wg_load(in_folder("linear"), wg_nn_state(without)), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "not expected: bias");
    assert_int_equal(wg_load(in_folder("linear"), wg_nn_state(without), .strict = false), WG_OK);
    assert_same_bits(wg_nn_parameter(without, "weight"), wg_nn_parameter(net, "weight"));
    assert_int_equal(wg_load(in_folder("linear"), wg_nn_state(wide)), WG_E_DTYPE);
    assert_error(WG_E_DTYPE, "dtype of bias F32 in the file, f64 here (.convert = true converts); dtype of weight F32");
    assert_int_equal(wg_load(in_folder("linear"), wg_nn_state(wide), .convert = true), WG_OK);
    assert_int_equal(wg_save(in_folder("linear"), wg_nn_state(without)), WG_OK);
    assert_int_equal(wg_load(in_folder("linear"), wg_nn_state(net)), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "missing in the file: bias");
    wg_nn_destroy(net), wg_nn_destroy(other), wg_nn_destroy(without), wg_nn_destroy(wide);
    assert_no_error();
}

/* ---- bad files ---- */

#define ENTRY(dtype, shape, offsets) "{\"weight\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static const struct {
    const char *header;
    size_t data;
    wg_status code;
    const char *message;
} bad[] = {
    {"", 0, WG_E_IO, "expected a header that begins with {"},
    {" {}", 0, WG_E_IO, "expected a header that begins with {"},
    {"{", 0, WG_E_IO, "of the header"},
    {"[]", 0, WG_E_IO, "begins with {"},
    {"{}", 4, WG_E_IO, "4 bytes of data, and the tensors are 0"},
    {ENTRY("F32", "[2]", "[0,8]"), 7, WG_E_IO, "its data_offsets lie outside the file"},
    {ENTRY("F32", "[2]", "[0,8]"), 9, WG_E_IO, "9 bytes of data, and the tensors are 8"},
    {ENTRY("F32", "[2]", "[0,4]"), 4, WG_E_IO, "do not fit its shape and dtype"},
    {ENTRY("F32", "[2]", "[8,0]"), 8, WG_E_IO, "lie outside the file"},
    {ENTRY("F32", "[2]", "[4,12]"), 12, WG_E_IO, "do not begin where those before end"},
    {ENTRY("F32", "[2]", "[0]"), 8, WG_E_IO, "expected data_offsets"},
    {ENTRY("F32", "[2]", "[-8,0]"), 8, WG_E_IO, "expected data_offsets"},
    {ENTRY("F32", "[2]", "[0.0,8.0]"), 8, WG_E_IO, "expected data_offsets"},
    {ENTRY("F32", "[2]", "[0,1e1]"), 8, WG_E_IO, "expected data_offsets"},
    {ENTRY("F32", "[-2]", "[0,8]"), 8, WG_E_IO, "expected extents"},
    {ENTRY("F32", "[true]", "[0,4]"), 4, WG_E_IO, "expected extents"},
    {ENTRY("F32", "2", "[0,8]"), 8, WG_E_IO, "expected a shape"},
    {ENTRY("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, WG_E_IO, "more than 8 numbers"},
    /* products that wrap to 0, to a small number, and in bytes */
    {ENTRY("F32", "[4294967296,4294967296]", "[0,0]"), 0, WG_E_IO, "beyond 64 bits"},
    {ENTRY("F32", "[9223372036854775807,2]", "[0,8]"), 8, WG_E_IO, "beyond 64 bits"},
    {ENTRY("F64", "[2305843009213693952]", "[0,0]"), 0, WG_E_IO, "do not fit its shape"},
    {ENTRY("F32", "[99999999999999999999]", "[0,8]"), 8, WG_E_IO, "a number of 20 digits"},
    {ENTRY("F16_WIDE", "[2]", "[0,8]"), 8, WG_E_DTYPE, "the dtype F16_WIDE has no counterpart here"},
    {ENTRY("C64", "[1]", "[0,8]"), 8, WG_E_DTYPE, "the dtype C64 has no counterpart here"},
    {"{\"weight\":{\"dtype\":3,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, WG_E_IO, "expected a dtype"},
    {"{\"weight\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, WG_E_IO, "and nothing else"},
    {"{\"weight\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1}}", 8, WG_E_IO, "and nothing else"},
    {"{\"weight\":[0,8]}", 8, WG_E_IO, "expected an object"},
    {"{\"weight\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"weight\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
     8, WG_E_IO, "duplicate"},
    {"{\"weight\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
     12, WG_E_IO, "do not begin where those before end"},
    {"{\"__metadata__\":{\"a\":1}}", 0, WG_E_IO, "expected texts only"},
    {"{\"__metadata__\":[]}", 0, WG_E_IO, "expected an object"},
    {"{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}", 0, WG_E_IO, "nested too deeply"},
    {"{\"a\\u0000b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, WG_E_IO, "of the header"},
    {"{\"\xff\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, WG_E_IO, "of the header"},
    {"{} x", 0, WG_E_IO, "of the header"},
};

static void bad_files_are_refused_and_change_nothing(void **state)
{
    (void)state;
    static const unsigned char zeros[64];
    const float given[] = {1, 2};
    wg_tensor *weight = wg_from(given, WG_SHAPE(2));
    const char *name = "weight";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct bytes b = file_of(bad[i].header, zeros, bad[i].data);
        assert_null(wg_file_parse(b.at, b.n, "bad"));
        assert_error(bad[i].code, bad[i].message);
        write_file("bad", b.at, b.n);
        assert_int_equal(wg_load(in_folder("bad"), ((wg_tensor_list){1, &weight, &name}), .strict = false), bad[i].code);
        assert_error(bad[i].code, bad[i].message);
        assert_memory_equal(wg_data(weight), given, sizeof given);
    }
    wg_free(weight);
    assert_no_error();
}

/* Every truncation of a good file, and headers longer than the file or than is allowed. */
static void truncated_files_are_refused(void **state)
{
    (void)state;
    const float data[] = {1, 2};
    struct bytes b = file_of(ENTRY("F32", "[2]", "[0,8]"), data, sizeof data);
    for (size_t n = 0; n < b.n; n++) {
        unsigned char *exact = malloc(n + 1); /* so that a read behind it would be seen */
        memcpy(exact, b.at, n);
        assert_null(wg_file_parse(exact, n, "cut"));
        assert_error(WG_E_IO, "file_parse: cut: ");
        free(exact);
    }
    memset(b.at, 0xff, 8);
    assert_null(wg_file_parse(b.at, b.n, "long"));
    assert_error(WG_E_IO, "a header of 18446744073709551615 bytes in a file of");
    wg_tensor *weight = wg_zeros(WG_F32, WG_SHAPE(2));
    const char *name = "weight";
    b = file_of(ENTRY("F32", "[2]", "[0,8]"), data, sizeof data);
    write_file("long", b.at, b.n);
    assert_int_equal(wg_load(in_folder("long"), ((wg_tensor_list){1, &weight, &name}), .max_header = 20), WG_E_IO);
    assert_error(WG_E_IO, "is larger than .max_header, 20");
    assert_int_equal(wg_load(folder, ((wg_tensor_list){1, &weight, &name})), WG_E_IO);
    assert_error(WG_E_IO, "expected a regular file");
    assert_int_equal(wg_load(in_folder("none"), ((wg_tensor_list){1, &weight, &name})), WG_E_IO);
    assert_error(WG_E_IO, "No such file");
    wg_free(weight);
    assert_no_error();
}

/* ---- saving ---- */

static void what_cannot_be_saved_leaves_the_old_file(void **state)
{
    (void)state;
    wg_tensor *t[] = {wg_ones(WG_F32, WG_SHAPE(2)), wg_zeros(WG_F32, WG_SHAPE(2))};
    const char *good[] = {"a", "b"}, *twice[] = {"a", "a"}, *reserved[] = {"a", "__metadata__"}, *empty[] = {"a", ""},
               *latin[] = {"a", "\xe4"};
    assert_int_equal(wg_save(in_folder("kept"), ((wg_tensor_list){2, t, good})), WG_OK);
    const char *const *wrong[] = {twice, reserved, empty, latin};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wg_save(in_folder("kept"), ((wg_tensor_list){2, t, wrong[i]})), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "save: ");
    }
    assert_int_equal(wg_save(in_folder("no/folder"), ((wg_tensor_list){2, t, good})), WG_E_IO);
    assert_error(WG_E_IO, "opening its directory: No such file");
    assert_int_equal(wg_save(in_folder(""), ((wg_tensor_list){2, t, good})), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "names no file");
    wg_tensor *again[] = {wg_zeros(WG_F32, WG_SHAPE(2)), wg_ones(WG_F32, WG_SHAPE(2))};
    assert_int_equal(wg_load(in_folder("kept"), ((wg_tensor_list){2, again, good})), WG_OK);
    assert_same_bits(again[0], t[0]), assert_same_bits(again[1], t[1]);
    for (int i = 0; i < 2; i++)
        wg_free(t[i]), wg_free(again[i]);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_dtypes_shapes_and_texts_come_back),
        TEST(views_are_written_in_their_own_order),
        TEST(a_network_comes_back),
        TEST(empty_tensors_share_a_place),
        TEST(other_dtypes_are_converted),
        TEST(what_does_not_fit_is_listed),
        TEST(bad_files_are_refused_and_change_nothing),
        TEST(truncated_files_are_refused),
        TEST(what_cannot_be_saved_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
