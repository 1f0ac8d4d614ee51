/* Tables of options: ranges, names, text. */
#include "common.h"

#include <wengert/options.h>

static const char *const colours[] = {"red", "green", NULL};

struct knobs {
    bool on;
    int64_t size;
    double rate, share;
    wg_dtype dtype;
    enum { RED, GREEN } colour;
    wg_tensor *seed;
};

static const wg_option option[] = {
    WG_OPTION_SIZE_OF(struct knobs, size, "how many", WG_AT_LEAST(1)),
    WG_OPTION_BOOL_OF(struct knobs, on, true, "on or off"),
    WG_OPTION_REAL_OF(struct knobs, rate, 0.5, "a rate", WG_ABOVE(0)),
    WG_OPTION_REAL_OF(struct knobs, share, 0, "a share", WG_FROM_BELOW(0, 1)),
    WG_OPTION_DTYPE_OF(struct knobs, dtype, WG_F32, "of numbers"),
    WG_OPTION_CHOICE_OF(struct knobs, colour, RED, "a colour", colours),
    WG_OPTION_TENSOR_OF(struct knobs, seed, "a generator"),
};
static const wg_option_table table = {option, sizeof option / sizeof *option, sizeof(struct knobs)};
static const struct knobs good = {.on = true, .size = 3, .rate = 0.5, .dtype = WG_F32, .colour = RED};

static void ranges_are_checked(void **state)
{
    (void)state;
    assert_ok(wg_options_check(table, &good, "make"));
    static const struct {
        const char *name, *message;
        double value;
    } bad[] = {
        {"size", "make: expected size (how many) in [1, inf), got 0", 0},
        {"size", "got 1.5", 1.5},
        {"size", "got nan", (double)NAN},
        {"size", "whole number of 64 bits, got 1e+300", 1e300},
        {"size", "whole number of 64 bits, got 9.22337e+18", 0x1p63},
        {"on", "make: expected on to be 0 or 1, got 2", 2},
        {"on", "make: expected on to be 0 or 1, got 0.5", 0.5},
        {"dtype", "make: expected dtype f32 or f64, got the number 0.5", 0.5},
        {"rate", "make: expected rate in (0, inf), got 0", 0},
        {"rate", "got inf", (double)INFINITY},
        {"share", "make: expected share in [0, 1), got 1", 1},
        {"share", "got -0.1", -0.1},
        {"dtype", "make: expected dtype f32 or f64, got i64", WG_I64},
        {"colour", "make: expected colour to be one of 2 values, 0 (red), 1 (green), got 2", 2},
        {"seed", "make: seed is a tensor", 0},
        {"sise", "make: there is no option \"sise\": the options are size, on, rate, share, dtype, colour, seed", 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct knobs knobs = good;
        assert_fails(wg_options_set(table, &knobs, bad[i].name, bad[i].value, "make"),
                     strcmp(bad[i].name, "dtype") == 0 ? WG_E_DTYPE : WG_E_ARGUMENT, bad[i].message);
        assert_memory_equal(&knobs, &good, sizeof good);
    }
    struct knobs knobs = good;
    knobs.rate = -1;
    assert_fails(wg_options_check(table, &knobs, "make"), WG_E_ARGUMENT, "make: expected rate in");
    assert_fails(wg_options_check(table, NULL, "make"), WG_E_NULL, "make: ");
}

static void options_are_set_and_read_by_name(void **state)
{
    (void)state;
    struct knobs knobs = good;
    static const struct {
        const char *name;
        double value;
    } set[] = {{"size", 7}, {"on", 0}, {"rate", 2.5}, {"share", 0.25}, {"dtype", WG_F64}, {"colour", GREEN}};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++) {
        double value = -1;
        assert_ok(wg_options_set(table, &knobs, set[i].name, set[i].value, "set"));
        assert_ok(wg_options_get(table, &knobs, set[i].name, &value, "get"));
        assert_near(value, set[i].value, 0);
    }
    double value;
    assert_fails(wg_options_get(table, &knobs, "seed", &value, "get"), WG_E_ARGUMENT, "get: seed is a tensor");
    assert_fails(wg_options_get(table, &knobs, NULL, &value, "get"), WG_E_NULL, "get: ");
    assert_fails(wg_options_get(table, &knobs, "size", NULL, "get"), WG_E_NULL, "get: ");
    assert_fails(wg_options_set(table, NULL, "size", 1, "set"), WG_E_NULL, "set: ");
}

static void text_says_what_differs_from_the_defaults(void **state)
{
    (void)state;
    char text[200], little[12];
    assert_string_equal(wg_options_text(table, &good, false, text, sizeof text), "size=3");
    struct knobs knobs = good;
    knobs.on = false, knobs.colour = GREEN;
    assert_string_equal(wg_options_text(table, &knobs, false, text, sizeof text), "size=3, on=false, colour=green");
    assert_string_equal(wg_options_text(table, &knobs, true, text, sizeof text),
                        "size=3, on=false, rate=0.5, share=0, dtype=f32, colour=green");
    assert_string_equal(wg_options_text(table, &knobs, true, little, sizeof little), "size=3, on="); /* truncated */
    assert_string_equal(wg_options_text(table, NULL, true, text, sizeof text), "");
}

static void text_is_read_again(void **state)
{
    (void)state;
    struct knobs knobs = good, read;
    char text[200];
    knobs.on = false, knobs.colour = GREEN, knobs.rate = 0.1 + 0.2, knobs.size = 9007199254740991;
    wg_options_text(table, &knobs, true, text, sizeof text);
    wg_options_reset(table, &read);
    assert_true(read.seed == WG_NONE && read.on == good.on && read.rate == good.rate);
    assert_ok(wg_options_parse(table, &read, text, "make"));
    read.seed = knobs.seed;
    assert_true(read.on == knobs.on && read.colour == knobs.colour && read.rate == knobs.rate && read.size == knobs.size);
    assert_ok(wg_options_parse(table, &read, " on = true ,size=7", "make"));
    assert_true(read.on && read.size == 7 && read.rate == knobs.rate);
    assert_ok(wg_options_parse(table, &read, "", "make"));
    const struct knobs before = read;
    static const struct {
        const char *text, *message;
        wg_status code;
    } bad[] = {
        {"size", "make: expected \"=\" at character 5 of \"size\"", WG_E_ARGUMENT},
        {"size=x", "expected a whole number of 64 bits at character 6", WG_E_ARGUMENT},
        {"size=9223372036854775808", "expected a whole number of 64 bits", WG_E_ARGUMENT},
        {"size=3 on=true", "expected \",\" or the end at character 8", WG_E_ARGUMENT},
        {"size=3,", "expected a name at character 8", WG_E_ARGUMENT},
        {"on=yes", "expected true or false at character 4", WG_E_ARGUMENT},
        {"colour=blue", "expected the name of one of the values", WG_E_ARGUMENT},
        {"dtype=i64", "expected f32 or f64", WG_E_ARGUMENT},
        {"rate=0", "make: expected rate in (0, inf), got 0", WG_E_ARGUMENT},
        {"seed=1", "expected an option that is no tensor", WG_E_ARGUMENT},
        {"size=3, on=true, size=4", "expected each option once at character 18", WG_E_ARGUMENT},
        {"sise=1", "there is no option \"sise\"", WG_E_ARGUMENT},
        {NULL, "the text is NULL", WG_E_NULL},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_fails(wg_options_parse(table, &read, bad[i].text, "make"), bad[i].code, bad[i].message);
        assert_memory_equal(&read, &before, sizeof read);
    }
    assert_fails(wg_options_parse(table, NULL, "size=1", "make"), WG_E_NULL, "the options are NULL");
    wg_options_reset(table, NULL);
}

/* Beyond 2^53 not every whole number is a double. */
struct counts {
    int64_t steps, seed;
    wg_pair pair;
    wg_triple triple;
    wg_shape shape;
    unsigned mode;
    wg_milestones list;
};

static const char *const modes[] = {"half", "half-way", "a b", NULL};
static const wg_option count_option[] = {
    WG_OPTION_INT_OF(struct counts, steps, WG_REQUIRED_INT, "how many", WG_ANY_VALUE),
    WG_OPTION_INT_OF(struct counts, seed, 0x1p53, "a seed", WG_ANY_VALUE),
    WG_OPTION_PAIR_OF(struct counts, pair, 0, "two", WG_AT_LEAST(0)),
    WG_OPTION_TRIPLE_OF(struct counts, triple, 0, "three", WG_AT_LEAST(0)),
    WG_OPTION_SHAPE_OF(struct counts, shape, "of an image", WG_AT_LEAST(1)),
    WG_OPTION_CHOICE_OF(struct counts, mode, 0, "a mode", modes),
    WG_OPTION_MILESTONES_OF(struct counts, list, "steps"),
};
static const wg_option_table counts = {count_option, sizeof count_option / sizeof *count_option, sizeof(struct counts)};

static void whole_numbers_are_exact(void **state)
{
    (void)state;
    struct counts made = {.steps = INT64_MAX,
                          .seed = ((int64_t)1 << 53) + 1,
                          .pair = WG_PAIR(INT64_MAX, INT64_MAX - 1),
                          .triple = WG_TRIPLE(1, 2, INT64_MAX),
                          .shape = {2, {7, INT64_MAX}},
                          .list = WG_MILESTONES(1, INT64_MAX)},
                  read;
    char text[300];
    assert_ok(wg_options_check(counts, &made, "make"));
    for (int all = 0; all < 2; all++) {
        wg_options_reset(counts, &read);
        assert_ok(wg_options_parse(counts, &read, wg_options_text(counts, &made, all, text, sizeof text), "make"));
        assert_true(read.steps == made.steps && read.seed == made.seed);
        assert_true(read.pair.at[0] == INT64_MAX && read.pair.at[1] == INT64_MAX - 1 && read.list.step[1] == INT64_MAX);
        assert_true(read.triple.at[0] == 1 && read.triple.at[1] == 2 && read.triple.at[2] == INT64_MAX);
        assert_true(read.shape.rank == 2 && read.shape.extent[0] == 7 && read.shape.extent[1] == INT64_MAX);
    }
    made.steps = INT64_MIN + 1; /* a number, which only rounds to the mark of one that is not given */
    assert_ok(wg_options_check(counts, &made, "make"));
    made.steps = WG_REQUIRED_INT;
    assert_fails(wg_options_check(counts, &made, "make"), WG_E_ARGUMENT, "make: expected a value for steps");
}

static void triples_and_shapes_have_their_ranges(void **state)
{
    (void)state;
    struct counts made = {.steps = 1, .seed = (int64_t)1 << 53, .list = WG_MILESTONES(3)}, read;
    char text[300];
    double value;
    assert_string_equal(wg_options_text(counts, &made, false, text, sizeof text), "steps=1, list=[3]");
    wg_options_reset(counts, &read);
    assert_ok(wg_options_parse(counts, &read, wg_options_text(counts, &made, true, text, sizeof text), "make"));
    assert_int_equal(read.shape.rank, 0);
    made.triple.at[1] = -1;
    assert_fails(wg_options_check(counts, &made, "make"), WG_E_ARGUMENT, "make: expected triple in [0, inf), got -1");
    made.triple.at[1] = 4;
    made.shape = WG_SHAPE(3, 0);
    assert_fails(wg_options_check(counts, &made, "make"), WG_E_ARGUMENT, "make: expected shape in [1, inf), got 0");
    made.shape.rank = 9;
    assert_fails(wg_options_check(counts, &made, "make"), WG_E_ARGUMENT, "make: expected shape of at most 8 axes, got 9");
    assert_ok(wg_options_get(counts, &made, "triple", &value, "make"));
    assert_true(isnan(value));
    assert_ok(wg_options_set(counts, &made, "triple", 5, "make"));
    assert_true(made.triple.at[0] == 5 && made.triple.at[1] == 5 && made.triple.at[2] == 5);
    assert_fails(wg_options_set(counts, &made, "shape", 5, "make"), WG_E_ARGUMENT,
                 "make: shape is a shape, and not set by a number");
    assert_fails(wg_options_parse(counts, &read, "triple=(1, 2)", "make"), WG_E_ARGUMENT, "expected \",\" at character 13");
    assert_fails(wg_options_parse(counts, &read, "triple=1", "make"), WG_E_ARGUMENT, "expected a triple, (1, 2, 3)");
    assert_fails(wg_options_parse(counts, &read, "shape=[1]", "make"), WG_E_ARGUMENT, "expected a shape, (16, 5, 5)");
    assert_fails(wg_options_parse(counts, &read, "shape=(1, 2", "make"), WG_E_ARGUMENT, "expected \")\"");
    assert_fails(wg_options_parse(counts, &read, "shape=(1, 2, 3, 4, 5, 6, 7, 8, 9)", "make"), WG_E_ARGUMENT, "at most 8 extents");
}

static void names_of_values_need_not_be_words(void **state)
{
    (void)state;
    struct counts made = {.steps = 1, .seed = 2, .list = WG_MILESTONES(3)}, read = made;
    char text[300];
    for (made.mode = 0; made.mode < 3; made.mode++) {
        assert_ok(wg_options_parse(counts, &read, wg_options_text(counts, &made, true, text, sizeof text), "make"));
        assert_int_equal(read.mode, made.mode);
    }
    assert_fails(wg_options_parse(counts, &read, "mode=half-", "make"), WG_E_ARGUMENT, "expected \",\" or the end at character 10");
    assert_fails(wg_options_parse(counts, &read, "list=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]", "make"),
                 WG_E_ARGUMENT, "expected at most 16 steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ranges_are_checked),
        TEST(options_are_set_and_read_by_name),
        TEST(text_says_what_differs_from_the_defaults),
        TEST(triples_and_shapes_have_their_ranges),
        TEST(text_is_read_again),
        TEST(whole_numbers_are_exact),
        TEST(names_of_values_need_not_be_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
