/* Splits and folds: every row in one part, sizes, shares of classes, groups that are not divided. */
#include "data_check.h"

static int64_t count_of(const wg_tensor *part)
{
    return wg_extent(part, 0);
}

/* part_of[row] of three parts; fails unless each row of a part is in that one alone and rows increase. Returns how many rows
   there are. */
static int64_t mark(const wg_dataset_parts *parts, int64_t rows, int *part_of)
{
    const wg_tensor *all[3] = {parts->train, parts->validation, parts->test};
    int64_t n = 0;
    for (int64_t i = 0; i < rows; i++)
        part_of[i] = -1;
    for (int p = 0; p < 3; p++) {
        const int64_t *at = count_of(all[p]) > 0 ? wg_data(all[p]) : NULL;
        for (int64_t i = 0; i < count_of(all[p]); i++, n++) {
            assert_true(at[i] >= 0 && at[i] < rows && (i == 0 || at[i] > at[i - 1]));
            assert_int_equal(part_of[at[i]], -1);
            part_of[at[i]] = p;
        }
    }
    return n;
}

static void free_parts(wg_dataset_parts *parts)
{
    wg_free(parts->train), wg_free(parts->validation), wg_free(parts->test);
}

static void every_row_is_in_one_part(void **state)
{
    (void)state;
    static const struct {
        int64_t rows;
        double train, validation, test;
        bool counts;
        int64_t size[3];
    } cases[] = {
        {100, -1, 0.1, 0.1, false, {80, 10, 10}}, {101, -1, 0.1, 0.1, false, {81, 10, 10}}, {7, -1, 0.1, 0.1, false, {5, 1, 1}},
        {30, 0.7, 0.2, 0.1, false, {21, 6, 3}},   {30, 0.5, 0.25, 0, false, {15, 8, 0}},    {30, -1, 7, 3, true, {20, 7, 3}},
        {30, 10, 0, 20, true, {10, 0, 20}},       {1, -1, 0, 0, false, {1, 0, 0}},          {0, -1, 0.5, 0.1, false, {0, 0, 0}},
        {30, 4, 3, 2, true, {4, 3, 2}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int shuffle = 0; shuffle < 2; shuffle++) {
            wg_dataset_parts parts;
            int part_of[101];
            assert_ok(wg_dataset_split(cases[c].rows, &parts, .train = cases[c].train, .validation = cases[c].validation,
                                       .test = cases[c].test, .counts = cases[c].counts, .shuffle = shuffle, .seed = c));
            assert_int_equal(count_of(parts.train), cases[c].size[0]);
            assert_int_equal(count_of(parts.validation), cases[c].size[1]);
            assert_int_equal(count_of(parts.test), cases[c].size[2]);
            assert_int_equal(mark(&parts, cases[c].rows, part_of), cases[c].size[0] + cases[c].size[1] + cases[c].size[2]);
            for (int64_t i = 1; i < cases[c].rows && !shuffle; i++) /* ranges, the training part first, then what nobody gets */
                assert_true(part_of[i] >= part_of[i - 1] || part_of[i] < 0);
            free_parts(&parts);
        }
}

static void the_seed_makes_the_split(void **state)
{
    (void)state;
    wg_dataset_parts a, b, c;
    assert_ok(wg_dataset_split(200, &a, .validation = 0.1, .test = 0.1, .seed = 1));
    assert_ok(wg_dataset_split(200, &b, .validation = 0.1, .test = 0.1, .seed = 1));
    assert_ok(wg_dataset_split(200, &c, .validation = 0.1, .test = 0.1, .seed = 2));
    assert_same_bits(a.test, b.test);
    assert_memory_not_equal(wg_data(a.test), wg_data(c.test), 20 * sizeof(int64_t));
    free_parts(&a), free_parts(&b), free_parts(&c);
}

/* Labels of sizes that do not divide; classes are far apart and in no order. */
static wg_tensor *uneven_labels(int64_t rows, int classes, uint64_t seed)
{
    wg_tensor *t = made(wg_zeros(WG_I64, WG_SHAPE(rows)));
    wg_dataset_random random = {.seed = seed};
    int64_t *at = wg_data_mut(t);
    for (int64_t i = 0; i < rows; i++) {
        const int64_t a = wg_dataset_below(&random, classes), b = wg_dataset_below(&random, classes);
        at[i] = (a < b ? a : b) * 1000000007 - 5;
    }
    return t;
}

/* Each part has its exact size, and of each class its share rounded down or up. */
static void classes_have_their_shares(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        const int classes = 1 + (int)(seed % 9);
        const int64_t rows = 5 + (int64_t)(seed * 7 % 150);
        wg_tensor *labels = uneven_labels(rows, classes, seed);
        const int64_t *label = wg_data(labels);
        wg_dataset_parts parts, plain;
        int part_of[160];
        assert_ok(wg_dataset_split(rows, &parts, .train = 0.55, .validation = 0.2, .test = 0.15, .seed = seed, .labels = labels));
        assert_ok(wg_dataset_split(rows, &plain, .train = 0.55, .validation = 0.2, .test = 0.15, .seed = seed));
        const wg_tensor *with[3] = {parts.train, parts.validation, parts.test},
                        *without[3] = {plain.train, plain.validation, plain.test};
        mark(&parts, rows, part_of);
        for (int p = 0; p < 3; p++) {
            assert_int_equal(count_of(with[p]), count_of(without[p]));
            for (int c = 0; c < classes; c++) {
                int64_t n = 0, of_part = 0;
                for (int64_t i = 0; i < rows; i++)
                    if (label[i] == (int64_t)c * 1000000007 - 5) {
                        n++;
                        of_part += part_of[i] == p;
                    }
                const double ideal = (double)n * (double)count_of(with[p]) / (double)rows;
                assert_true(fabs((double)of_part - ideal) < 1);
            }
        }
        free_parts(&parts), free_parts(&plain), wg_free(labels);
    }
}

/* Two classes of which each part has an exact share; and inside a class the rows are drawn. */
static void exact_shares_are_exact(void **state)
{
    (void)state;
    wg_tensor *labels = made(wg_zeros(WG_I64, WG_SHAPE(100)));
    for (int i = 80; i < 100; i++)
        ((int64_t *)wg_data_mut(labels))[i] = 1;
    int tested[100] = {0};
    for (uint64_t seed = 0; seed < 200; seed++) {
        wg_dataset_parts parts;
        assert_ok(wg_dataset_split(100, &parts, .validation = 0, .test = 0.25, .labels = labels, .seed = seed));
        int of_1 = 0;
        for (int64_t i = 0; i < 25; i++) {
            const int64_t row = ((const int64_t *)wg_data(parts.test))[i];
            tested[row]++;
            of_1 += row >= 80;
        }
        assert_int_equal(of_1, 5);
        free_parts(&parts);
    }
    for (int i = 0; i < 100; i++)
        assert_in_range(tested[i], 50 - 26, 50 + 26); /* 200 × 1/4, standard deviation 6.1 */
    wg_free(labels);
}

/* 3 of 10 rows: 2.1 of the class of 7, and 0.9 of the class of 3, which has the larger remainder. */
static void the_largest_remainder_is_rounded_up(void **state)
{
    (void)state;
    wg_tensor *labels = wg_from(((const int64_t[]){0, 0, 0, 0, 0, 0, 0, 1, 1, 1}), WG_SHAPE(10));
    for (uint64_t seed = 0; seed < 20; seed++) {
        wg_dataset_parts parts;
        assert_ok(wg_dataset_split(10, &parts, .validation = 0, .test = 3, .counts = true, .labels = labels, .seed = seed));
        int of_1 = 0;
        for (int64_t i = 0; i < 3; i++)
            of_1 += ((const int64_t *)wg_data(parts.test))[i] >= 7;
        assert_int_equal(of_1, 1);
        free_parts(&parts);
    }
    wg_free(labels);
}

static wg_tensor *some_groups(int64_t rows, int64_t groups, uint64_t seed)
{
    wg_tensor *t = made(wg_zeros(WG_I64, WG_SHAPE(rows)));
    wg_dataset_random random = {.seed = seed, .stream = 1};
    for (int64_t i = 0; i < rows; i++)
        ((int64_t *)wg_data_mut(t))[i] = 17 * wg_dataset_below(&random, groups);
    return t;
}

static void groups_are_not_divided(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        const int64_t rows = 150, groups = 3 + (int64_t)seed % 50;
        wg_tensor *group = some_groups(rows, groups, seed);
        const int64_t *number = wg_data(group);
        wg_dataset_parts parts;
        int part_of[150], of_group[17 * 53];
        int64_t largest = 0;
        assert_ok(wg_dataset_split(rows, &parts, .validation = 0.2, .test = 0.2, .groups = group, .seed = seed));
        assert_int_equal(mark(&parts, rows, part_of), rows);
        memset(of_group, -1, sizeof of_group);
        for (int64_t i = 0; i < rows; i++) {
            int64_t n = 0;
            for (int64_t k = 0; k < rows; k++)
                n += number[k] == number[i];
            largest = n > largest ? n : largest;
            assert_true(of_group[number[i]] == -1 || of_group[number[i]] == part_of[i]);
            of_group[number[i]] = part_of[i];
        }
        assert_true(llabs(count_of(parts.test) - 30) < largest && llabs(count_of(parts.train) - 90) < largest);
        free_parts(&parts), wg_free(group);
    }
}

/* Over all folds every row is tested once; the training rows of a fold are all others. */
static void check_folds(int64_t rows, int64_t k, bool shuffle, const wg_tensor *labels, const wg_tensor *groups)
{
    int tested[150] = {0}, fold_of[17 * 53];
    memset(fold_of, -1, sizeof fold_of);
    for (int64_t fold = 0; fold < k; fold++) {
        wg_dataset_parts parts;
        int part_of[150], classes[9] = {0};
        assert_ok(wg_dataset_fold(rows, k, fold, &parts, .shuffle = shuffle, .seed = 3, .labels = labels, .groups = groups));
        assert_int_equal(mark(&parts, rows, part_of), rows);
        assert_int_equal(count_of(parts.test), 0);
        for (int64_t i = 0; i < rows; i++) {
            tested[i] += part_of[i] == 1;
            if (groups != WG_NONE && part_of[i] == 1) {
                int *of = &fold_of[((const int64_t *)wg_data(groups))[i]];
                assert_true(*of == -1 || *of == (int)fold);
                *of = (int)fold;
            }
            if (labels != WG_NONE && part_of[i] == 1)
                classes[(((const int64_t *)wg_data(labels))[i] + 5) / 1000000007]++;
        }
        for (int c = 0; c < 9 && labels != WG_NONE; c++) {
            int64_t n = 0;
            for (int64_t i = 0; i < rows; i++)
                n += ((const int64_t *)wg_data(labels))[i] == (int64_t)c * 1000000007 - 5;
            assert_true(classes[c] == n / k || classes[c] == (n + k - 1) / k);
        }
        if (groups == WG_NONE)
            assert_true(count_of(parts.validation) == rows / k || count_of(parts.validation) == (rows + k - 1) / k);
        free_parts(&parts);
    }
    for (int64_t i = 0; i < rows; i++)
        assert_int_equal(tested[i], 1);
}

static void folds_test_every_row_once(void **state)
{
    (void)state;
    wg_tensor *labels = uneven_labels(147, 9, 4), *groups = some_groups(147, 40, 4);
    for (int shuffle = 0; shuffle < 2; shuffle++)
        for (int64_t k = 2; k <= 10; k += 4) {
            check_folds(147, k, shuffle, WG_NONE, WG_NONE);
            check_folds(147, k, shuffle, labels, WG_NONE);
            check_folds(147, k, shuffle, WG_NONE, groups);
        }
    check_folds(20, 20, true, WG_NONE, WG_NONE); /* leave one out */
    wg_free(labels), wg_free(groups);
}

static void parts_are_what_datasets_take(void **state)
{
    (void)state;
    wg_tensor *x = counted_rows(50, 2), *y = index_of(50, 0, 1);
    wg_dataset_parts parts;
    assert_ok(wg_dataset_split(50, &parts, .labels = y, .validation = 0.2, .test = 0)); /* a class for each row */
    wg_dataset *all = wg_dataset_of(x, y), *train = wg_dataset_subset(all, parts.train);
    wg_tensor *held_out = wg_dataset_take_rows(x, parts.validation);
    assert_int_equal(wg_dataset_inspect(train).length, 40);
    assert_near(element(held_out, 0), 1000 * element(parts.validation, 0), 0);
    wg_free(held_out), wg_free(x), wg_free(y), free_parts(&parts);
    wg_dataset_destroy(all), wg_dataset_destroy(train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_row_is_in_one_part),
        TEST(the_seed_makes_the_split),
        TEST(classes_have_their_shares),
        TEST(exact_shares_are_exact),
        TEST(the_largest_remainder_is_rounded_up),
        TEST(groups_are_not_divided),
        TEST(folds_test_every_row_once),
        TEST(parts_are_what_datasets_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
