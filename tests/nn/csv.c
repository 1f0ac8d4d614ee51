/* The reader of numbers in rows: what it accepts, exactly, and what it refuses, saying where. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "nn_check.h"

#define PARSE(text, x, y, ...) wg_dataset_parse_csv((text), sizeof(text) - 1, "data.csv", (x), (y), __VA_ARGS__)

static void numbers_and_labels_are_read(void **state)
{
    (void)state;
    wg_tensor *x = NULL, *y = NULL;
    assert_int_equal(PARSE("1,2.5,3\n-4, +.5e1 ,0\r\n7.,1e-3,9", &x, &y), WG_OK);
    assert_int_equal(wg_dtype_of(x), WG_F32);
    assert_values(x, (const double[]){1, 2.5, -4, 5, 7, (double)1e-3f}, 0);
    int64_t labels[3];
    assert_int_equal(wg_read(y, labels), WG_OK);
    assert_memory_equal(labels, ((const int64_t[]){3, 0, 9}), sizeof labels);
    wg_free(x), wg_free(y);
    assert_no_error();
}

static void options_are_kept(void **state)
{
    (void)state;
    wg_tensor *x = NULL, *y = NULL;
    assert_int_equal(PARSE("\xef\xbb\xbf"
                           "name;class;b\n5;-2;nan\n6;9223372036854775807;-inf\n",
                           &x, &y, .dtype = WG_F64, .separator = ';', .skip_lines = 1, .label_column = 1, .nonfinite = true),
                     WG_OK);
    double values[4];
    int64_t labels[2];
    assert_int_equal(wg_read(x, values), WG_OK);
    assert_int_equal(wg_read(y, labels), WG_OK);
    assert_true(values[0] == 5 && isnan(values[1]) && values[2] == 6 && values[3] == -INFINITY);
    assert_true(labels[0] == -2 && labels[1] == INT64_MAX);
    wg_free(x), wg_free(y);
    assert_int_equal(PARSE("0.1,1e22,123456789012345678\n", &x, NULL, .dtype = WG_F64), WG_OK); /* no labels wanted */
    assert_values(x, (const double[]){0.1, 1e22, 123456789012345678.0}, 0);
    wg_free(x);
    assert_no_error();
}

static void the_locale_does_not_matter(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !setlocale(LC_ALL, names[i]); i++)
        continue;
    wg_tensor *x = NULL;
    assert_int_equal(PARSE("1.5,2.25\n", &x, NULL, .dtype = WG_F64), WG_OK);
    assert_values(x, (const double[]){1.5, 2.25}, 0);
    setlocale(LC_ALL, "C");
    wg_free(x);
}

struct refusal {
    const char *text;
    size_t size; /* 0: to the NUL */
    wg_status code;
    const char *message;
};

static void what_is_not_well_formed_is_refused_by_place(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"1,2,3\n4,5\n", 0, WG_E_IO, "data.csv, line 2: 2 columns where the first row has 3"},
        {"1,2\n\n3,4\n", 0, WG_E_IO, "line 2: 1 columns"},
        {"1,2\n3,x4\n", 0, WG_E_IO, "line 2, column 2: \"x4\" is no label"},
        {"1,2\n3.5.1,4\n", 0, WG_E_IO, "line 2, column 1: \"3.5.1\" is no number"},
        {"0x10,2\n", 0, WG_E_IO, "\"0x10\" is no number"},
        {"1e,2\n", 0, WG_E_IO, "\"1e\" is no number"},
        {".,2\n", 0, WG_E_IO, "\".\" is no number"},
        {",2\n", 0, WG_E_IO, "column 1: \"\" is no number"},
        {"1 2,2\n", 0, WG_E_IO, "\"1 2\" is no number"},
        {"\"1\",2\n", 0, WG_E_IO, "is no number"},
        {"nan,2\n", 0, WG_E_IO, "\"nan\" is not finite"},
        {"-inf,2\n", 0, WG_E_IO, "\"-inf\" is not finite"},
        {"1e39,2\n", 0, WG_E_IO, "\"1e39\" is out of range"},
        {"1,2.0\n", 0, WG_E_IO, "\"2.0\" is no label"},
        {"1,9223372036854775808\n", 0, WG_E_IO, "is out of range"},
        {"\x01\x02,2\n", 0, WG_E_IO, "\"\?\?\" is no number"},
        {"1,2\n3\0,4\n", 9, WG_E_IO, "line 2: there is a NUL byte"},
        {"1111111111111111111111111111111111111111111111111111111111111111,2\n", 0, WG_E_IO, "longer than 63"},
        {"", 0, WG_E_IO, "there are no rows"},
        {"\n", 0, WG_E_IO, "there are no rows"},
    };
    const wg_memory before = wg_memory_now();
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *r = &refusals[i];
        wg_tensor *x = NULL, *y = NULL;
        assert_int_equal(wg_dataset_parse_csv(r->text, r->size ? r->size : strlen(r->text), "data.csv", &x, &y), r->code);
        assert_error(r->code, r->message);
        assert_true(!x && !y);
    }
    assert_int_equal(wg_memory_now().live, before.live);
}

static void settings_that_cannot_be_are_refused(void **state)
{
    (void)state;
    wg_tensor *x = NULL, *y = NULL;
    assert_int_equal(PARSE("1,2\n", &x, &y, .label_column = 2), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "label column 2 in 2 columns");
    assert_int_equal(PARSE("1,2\n", &x, &y, .label_column = -3), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "label column -3");
    assert_int_equal(PARSE("1,2\n", &x, &y, .label_column = INT64_MIN), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "there is no such label column");
    assert_int_equal(PARSE("1,2\n", &x, &y, .separator = '.'), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "separator");
    assert_int_equal(PARSE("1,2\n", &x, &y, .dtype = WG_U8), WG_E_DTYPE);
    assert_error(WG_E_DTYPE, "u8");
    assert_int_equal(PARSE("1,2\n3,4\n", &x, &y, .max_bytes = 7), WG_E_IO);
    assert_error(WG_E_IO, "more than 7 bytes");
    assert_int_equal(PARSE("1,2\n", NULL, &y), WG_E_NULL);
    assert_error(WG_E_NULL, "NULL");
    assert_int_equal(wg_dataset_read_csv(NULL, &x, &y), WG_E_NULL);
    assert_error(WG_E_NULL, "NULL");
    assert_true(!x && !y);
}

static void long_lines_are_refused(void **state)
{
    (void)state;
    const size_t size = ((size_t)1 << 20) + 10;
    char *text = malloc(size);
    for (size_t i = 0; i < size; i++)
        text[i] = i % 2 ? ',' : '1';
    wg_tensor *x = NULL;
    assert_int_equal(wg_dataset_parse_csv(text, size, "long.csv", &x, NULL), WG_E_IO);
    assert_error(WG_E_IO, "long.csv, line 1: the line is longer than 1 MiB");
    free(text);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void files_are_read_and_named_in_errors(void **state)
{
    (void)state;
    char path[] = "/tmp/wengert-csv-XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    wg_tensor *x = NULL, *y = NULL;
    write_file(path, "1,2\n3,4\n");
    assert_int_equal(wg_dataset_read_csv(path, &x, &y), WG_OK);
    assert_values(x, (const double[]){1, 3}, 0);
    wg_free(x), wg_free(y);
    x = y = NULL;
    assert_int_equal(wg_dataset_read_csv(path, &x, &y, .max_bytes = 7), WG_E_IO);
    assert_error(WG_E_IO, "more than 7 bytes");
    assert_int_equal(wg_dataset_read_csv(path, &x, &y, .max_bytes = 8), WG_OK);
    wg_free(x), wg_free(y);
    write_file(path, "1,2\n3\n");
    assert_int_equal(wg_dataset_read_csv(path, &x, &y), WG_E_IO);
    assert_error(WG_E_IO, path);
    write_file(path, "\x1f\x8b\x08 this is cut off");
    assert_int_equal(wg_dataset_read_csv(path, &x, &y), WG_E_IO);
    assert_error(WG_E_IO, path);
    unlink(path);
    assert_int_equal(wg_dataset_read_csv(path, &x, &y), WG_E_IO);
    assert_error(WG_E_IO, "No such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_and_labels_are_read),         TEST(options_are_kept),
        TEST(the_locale_does_not_matter),          TEST(what_is_not_well_formed_is_refused_by_place),
        TEST(settings_that_cannot_be_are_refused), TEST(long_lines_are_refused),
        TEST(files_are_read_and_named_in_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
