/* wg_print against NumPy: print.txt, which print.py wrote, has tensors and the text that NumPy prints for them. Each is printed
   row-major, with the axes in memory in reversed order, and as every second element of a larger tensor. */
#include <stdio.h>
#include <stdlib.h>

#include "common.h"

enum { MIN_CASES = 400, LINE_BYTES = 1 << 15, TEXT_BYTES = 1 << 17 };

struct example {
    int line; /* in print.txt */
    wg_dtype dtype;
    wg_shape shape;
    char expected[TEXT_BYTES];
};

static char line[LINE_BYTES], printed[TEXT_BYTES];
static int line_number;

static bool next_line(FILE *file)
{
    line_number++;
    return fgets(line, sizeof line, file) != NULL;
}

static void print_into_text(const wg_tensor *t)
{
    FILE *stream = fmemopen(printed, sizeof printed, "w");
    assert_non_null(stream);
    assert_ok(wg_print(t, stream));
    fclose(stream);
}

static void expect_text(const struct example *example, wg_tensor *t, const char *layout)
{
    print_into_text(made(t));
    if (strcmp(printed, example->expected) != 0)
        fail_msg("print.txt:%d, %s: expected\n%sgot\n%s", example->line, layout, example->expected, printed);
}

/* Reads "= dtype extents". */
static void read_header(struct example *example)
{
    char *at = line + 2;
    *example = (struct example){.line = line_number};
    while (strncmp(at, wg_dtype_name(example->dtype), strcspn(at, " \n")) != 0)
        example->dtype = (wg_dtype)(example->dtype + 1);
    for (at += strcspn(at, " \n"); *at == ' '; example->shape.rank++)
        example->shape.extent[example->shape.rank] = strtoll(at, &at, 10);
}

/* A tensor of the elements on the line, repeated. */
static wg_tensor *read_elements(const struct example *example)
{
    wg_tensor *t = made(wg_zeros(example->dtype, example->shape));
    const int64_t n = wg_numel(t);
    void *data = n > 0 ? wg_data_mut(t) : NULL;
    char *at = line;
    for (int64_t i = 0; i < n; i++) {
        if (*at == '\n')
            at = line;
        if (example->dtype == WG_F32)
            ((float *)data)[i] = strtof(at, &at);
        else if (example->dtype == WG_F64)
            ((double *)data)[i] = strtod(at, &at);
        else if (example->dtype == WG_I64)
            ((int64_t *)data)[i] = strtoll(at, &at, 10);
        else
            ((uint8_t *)data)[i] = (uint8_t)strtoul(at, &at, 10);
    }
    return t;
}

/* Reads the lines between bars, up to the next case. False at the end of the file. */
static bool read_expected(struct example *example, FILE *file)
{
    size_t used = 0;
    bool more;
    while ((more = next_line(file)) && line[0] == '|') {
        const size_t length = strlen(line) - 3; /* without the bars and the newline */
        assert_true(used + length + 2 < sizeof example->expected);
        memcpy(example->expected + used, line + 1, length);
        used += length;
        example->expected[used++] = '\n';
    }
    example->expected[used] = 0;
    return more;
}

/* The same elements, with the first axis the innermost one in memory. */
static wg_tensor *column_major(wg_tensor *t)
{
    wg_axes order = {.count = wg_rank(t)};
    for (int i = 0; i < order.count; i++)
        order.axis[i] = (int8_t)(order.count - 1 - i);
    return wg_permute(made(wg_copy(made(wg_permute(t, order)))), order);
}

/* The same elements, each followed by a 0 in memory, along the last axis. */
static wg_tensor *every_second(wg_tensor *t)
{
    wg_shape wide = wg_shape_of(t);
    wide.extent[wide.rank - 1] *= 2;
    const size_t size = wg_dtype_size(wg_dtype_of(t));
    wg_tensor *source = made(wg_zeros(wg_dtype_of(t), wide));
    char *to = wg_data_mut(source);
    const char *from = wg_data(t);
    for (int64_t i = 0; i < wg_numel(t); i++)
        memcpy(to + 2 * (size_t)i * size, from + (size_t)i * size, size);
    return wg_slice(source, -1, 0, wide.extent[wide.rank - 1], 2);
}

static void tensors_print_as_in_numpy(void **state)
{
    (void)state;
    static struct example example;
    int cases = 0;
    FILE *file = fopen(PRINT_CASES, "r");
    assert_non_null(file);
    bool more = next_line(file);
    for (; more; cases++) {
        WG_TAPE(tape);
        assert_int_equal(line[0], '=');
        read_header(&example);
        assert_true(next_line(file));
        wg_tensor *t = read_elements(&example);
        more = read_expected(&example, file);
        expect_text(&example, t, "row-major");
        if (example.shape.rank > 1)
            expect_text(&example, column_major(t), "column-major");
        if (example.shape.rank > 0 && wg_numel(t) > 0)
            expect_text(&example, every_second(t), "every second element");
    }
    fclose(file);
    assert_in_range(cases, MIN_CASES, 10000);
}

static void a_broadcast_tensor_prints_its_elements_again(void **state)
{
    (void)state;
    WG_TAPE(tape);
    print_into_text(made(wg_broadcast_to(made(wg_from(((const double[]){1.5, 2}), WG_SHAPE(2))), WG_SHAPE(2, 2))));
    assert_string_equal(printed, "[[1.5 2. ]\n [1.5 2. ]]\n");
}

static void a_full_stream_is_an_error_and_fails_no_step(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    WG_TAPE(tape);
    wg_tensor *t = made(wg_ones(WG_F32, WG_SHAPE(3)));
    assert_fails(wg_print(t, full), WG_E_IO, "print: the stream could not be written");
    fclose(full);
    print_into_text(t);
    assert_string_equal(printed, "[1. 1. 1.]\n");
}

static void printing_allocates_nothing(void **state)
{
    (void)state;
    wg_tensor *t = made(wg_ones(WG_F64, WG_SHAPE(20, 70)));
    FILE *stream = fmemopen(printed, sizeof printed, "w");
    assert_non_null(stream);
    wg_memory_fail(0, true);
    const wg_status status = wg_print(t, stream);
    wg_memory_fail(-1, false);
    assert_int_equal(status, WG_OK);
    fclose(stream);
    wg_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tensors_print_as_in_numpy),
        TEST(a_broadcast_tensor_prints_its_elements_again),
        TEST(a_full_stream_is_an_error_and_fails_no_step),
        TEST(printing_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
