/* Changed rows of datasets: their types, their random numbers, and the ready-made changes. */
#include "data_check.h"

/* x becomes (sum of the row, a draw), in f64. */
static wg_status sum_and_draw(void *context, const void *from, const wg_dataset_item *item)
{
    const float *row = from;
    double *x = item->x, sum = 0;
    for (int64_t i = 0; i < *(const int64_t *)context; i++)
        sum += (double)row[i];
    x[0] = sum;
    x[1] = wg_dataset_uniform(item->random);
    ((char *)item->workspace)[99] = 1;
    return WG_OK;
}

static void a_change_may_have_another_type(void **state)
{
    (void)state;
    int64_t columns = 3;
    wg_tensor *x = counted_rows(4, 3), *y = index_of(4, 0, 1), *rows[2], *labels[2];
    wg_dataset *base = wg_dataset_of(x, y);
    wg_dataset *sums = wg_dataset_map(base, sum_and_draw, &columns, .dtype = WG_F64, .shape = WG_SHAPE(2), .workspace = 100);
    assert_true(wg_dataset_inspect(sums).workspace >= 100 + 3 * sizeof(float));
    for (int64_t epoch = 0; epoch < 2; epoch++)
        assert_ok(wg_dataset_items(sums, WG_NONE, &rows[epoch], &labels[epoch], .seed = 4, .epoch = epoch));
    for (int i = 0; i < 4; i++) {
        assert_near(element(rows[0], 2 * i), 3000 * i + 3, 0);
        assert_near(element(rows[1], 2 * i), 3000 * i + 3, 0);
        assert_true(element(rows[0], 2 * i + 1) != element(rows[1], 2 * i + 1)); /* another epoch, other numbers */
        assert_true(i == 0 || element(rows[0], 2 * i + 1) != element(rows[0], 2 * i - 1));
    }
    for (int i = 0; i < 2; i++)
        wg_free(rows[i]), wg_free(labels[i]);
    wg_free(x), wg_free(y), wg_dataset_destroy(base), wg_dataset_destroy(sums);
}

/* The numbers of an item are those of wg_generator: block = (position << 4 | step) << 24 of stream WG_STREAM_AUGMENT + epoch. */
static void numbers_of_an_item_are_those_of_the_stream(void **state)
{
    (void)state;
    int64_t columns = 1;
    wg_tensor *x = counted_rows(3, 1), *rows, *generator = wg_generator(7, WG_STREAM_AUGMENT + 2);
    wg_dataset *base = wg_dataset_of(x, WG_NONE), *noisy = wg_dataset_noise(base);
    wg_dataset *cast = wg_dataset_cast(noisy, .dtype = WG_F32);
    wg_dataset *last = wg_dataset_map(cast, sum_and_draw, &columns, .dtype = WG_F64, .shape = WG_SHAPE(2), .workspace = 100);
    assert_ok(wg_dataset_items(last, WG_NONE, &rows, NULL, .seed = 7, .epoch = 2));
    for (int64_t i = 0; i < 3; i++) {
        assert_ok(wg_write(generator, (const int64_t[]){7, (int64_t)(WG_STREAM_AUGMENT + 2), (i << 4 | 3) << 24, 0}));
        wg_tensor *u = wg_uniform(generator, WG_F64, WG_SHAPE(1), 0, 1);
        assert_near(element(rows, 2 * i + 1), wg_item(u), 0);
        wg_free(u);
    }
    wg_free(x), wg_free(rows), wg_free(generator);
    wg_dataset_destroy(base), wg_dataset_destroy(noisy), wg_dataset_destroy(cast), wg_dataset_destroy(last);
}

/* x = from + a draw. */
static wg_status add_draw(void *context, const void *from, const wg_dataset_item *item)
{
    (void)context;
    *(double *)item->x = *(const double *)from + wg_dataset_uniform(item->random);
    return WG_OK;
}

/* Steps of a chain have numbers of their own, whatever is made of the chain later. */
static void steps_of_a_chain_draw_different_numbers(void **state)
{
    (void)state;
    wg_tensor *x = wg_zeros(WG_F64, WG_SHAPE(1, 1)), *generator = wg_generator(3, WG_STREAM_AUGMENT);
    wg_dataset *chain[4] = {wg_dataset_of(x, WG_NONE)};
    double expected = 0;
    for (int64_t step = 1; step < 4; step++) {
        chain[step] = wg_dataset_map(chain[step - 1], add_draw, NULL);
        assert_ok(wg_write(generator, (const int64_t[]){3, (int64_t)WG_STREAM_AUGMENT, step << 24, 0}));
        wg_tensor *u = wg_uniform(generator, WG_F64, WG_SHAPE(1), 0, 1), *row;
        assert_ok(wg_dataset_items(chain[step], WG_NONE, &row, NULL, .seed = 3));
        assert_near(wg_item(row), expected += wg_item(u), 0);
        wg_free(u), wg_free(row);
    }
    for (int i = 0; i < 4; i++)
        wg_dataset_destroy(chain[i]);
    wg_free(x), wg_free(generator);
}

static void plain_numbers_are_those_of_the_ops(void **state)
{
    (void)state;
    wg_dataset_random random = {.seed = 12, .stream = 34};
    wg_tensor *generator = wg_generator(12, 34), *u = wg_uniform(generator, WG_F64, WG_SHAPE(101), 0, 1);
    for (int i = 0; i < 101; i++)
        assert_near(wg_dataset_uniform(&random), element(u, i), 0);
    wg_dataset_random pair = {.seed = 12, .stream = 34}; /* of the same words: radius and angle */
    const double r = sqrt(-2 * log(element(u, 0) + 0x1p-53)), angle = 6.283185307179586 * element(u, 1);
    assert_near(wg_dataset_normal(&pair), r * cos(angle), 1e-14);
    assert_near(wg_dataset_normal(&pair), r * sin(angle), 1e-14);
    double sum = 0, squares_of = 0;
    enum { N = 40000 };
    for (int i = 0; i < N; i++) {
        const double z = wg_dataset_normal(&random);
        sum += z;
        squares_of += z * z;
    }
    assert_near(sum / N, 0, 4 / sqrt(N)); /* four standard errors */
    assert_near(squares_of / N, 1, 4 * sqrt(2.0 / N));
    for (int i = 0; i < 1000; i++) {
        const int64_t k = wg_dataset_below(&random, 7);
        assert_true(k >= 0 && k < 7);
    }
    int64_t count[3] = {0}; /* without rejection the remainders of 3 would have 3/8, 3/8 and 2/8 of the draws */
    for (int i = 0; i < 30000; i++)
        count[wg_dataset_below(&random, (int64_t)3 << 61) % 3]++;
    for (int i = 0; i < 3; i++)
        assert_in_range(count[i], 10000 - 330, 10000 + 330); /* four standard deviations */
    wg_free(generator), wg_free(u);
}

/* ---- ready-made changes ---- */

static wg_tensor *one_row(wg_dataset *dataset, uint64_t seed)
{
    wg_tensor *x;
    assert_ok(wg_dataset_items(dataset, WG_NONE, &x, NULL, .seed = seed));
    return x;
}

static void flip_reverses_an_axis(void **state)
{
    (void)state;
    wg_tensor *x = wg_from(((const float[]){1, 2, 3, 4, 5, 6}), WG_SHAPE(1, 2, 3));
    wg_dataset *base = wg_dataset_of(x, WG_NONE);
    wg_dataset *columns = wg_dataset_flip(base, .p = 1), *rows = wg_dataset_flip(base, .axis = 0, .p = 1),
               *never = wg_dataset_flip(base, .p = 0), *half = wg_dataset_flip(base);
    wg_tensor *a = one_row(columns, 0), *b = one_row(rows, 0), *c = one_row(never, 0);
    assert_values(a, (const double[]){3, 2, 1, 6, 5, 4}, 0);
    assert_values(b, (const double[]){4, 5, 6, 1, 2, 3}, 0);
    assert_values(c, (const double[]){1, 2, 3, 4, 5, 6}, 0);
    int flipped = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        wg_tensor *d = one_row(half, seed);
        flipped += element(d, 0) == 3;
        wg_free(d);
    }
    assert_in_range(flipped, 160, 240); /* 200 ± 4 standard deviations */
    wg_free(x), wg_free(a), wg_free(b), wg_free(c);
    wg_dataset_destroy(base), wg_dataset_destroy(columns), wg_dataset_destroy(rows), wg_dataset_destroy(never),
        wg_dataset_destroy(half);
}

/* Flat images are flipped as images, if their shape is given, and a flat row is not taken for one line. */
static void flat_images_have_a_shape(void **state)
{
    (void)state;
    wg_tensor *x = wg_from(((const float[]){1, 2, 3, 4, 5, 6}), WG_SHAPE(1, 6));
    wg_dataset *base = wg_dataset_of(x, WG_NONE);
    assert_null_and_error(wg_dataset_flip(base, .p = 1), WG_E_SHAPE, "dataset_flip: expected images (…, H, W), or .shape");
    wg_dataset *columns = wg_dataset_flip(base, .p = 1, .shape = WG_SHAPE(2, 3)),
               *rows = wg_dataset_flip(base, .axis = 0, .p = 1, .shape = WG_SHAPE(2, 3)),
               *line = wg_dataset_flip(base, .p = 1, .shape = WG_SHAPE(6));
    wg_tensor *a = one_row(columns, 0), *b = one_row(rows, 0), *c = one_row(line, 0);
    assert_int_equal(wg_rank(a), 2); /* (1, 6): rows are flat as before */
    assert_values(a, (const double[]){3, 2, 1, 6, 5, 4}, 0);
    assert_values(b, (const double[]){4, 5, 6, 1, 2, 3}, 0);
    assert_values(c, (const double[]){6, 5, 4, 3, 2, 1}, 0);
    wg_free(x), wg_free(a), wg_free(b), wg_free(c);
    wg_dataset_destroy(base), wg_dataset_destroy(columns), wg_dataset_destroy(rows), wg_dataset_destroy(line);
}

/* The image with padding, as NumPy's pad makes it, of one channel. */
static double padded(const wg_tensor *x, int64_t channel, int64_t i, int64_t j, wg_padding mode, double fill)
{
    const int64_t h = wg_extent(x, 2), w = wg_extent(x, 3);
    int64_t at[2] = {i, j};
    const int64_t n[2] = {h, w};
    for (int k = 0; k < 2; k++) {
        if (mode == WG_PADDING_ZEROS && (at[k] < 0 || at[k] >= n[k]))
            return fill;
        if (mode == WG_PADDING_REFLECT)
            at[k] = at[k] < 0 ? -at[k] : at[k] >= n[k] ? 2 * n[k] - 2 - at[k] : at[k];
        if (mode == WG_PADDING_REPLICATE)
            at[k] = at[k] < 0 ? 0 : at[k] >= n[k] ? n[k] - 1 : at[k];
        if (mode == WG_PADDING_CIRCULAR)
            at[k] = (at[k] + 5 * n[k]) % n[k];
    }
    return element(x, (channel * h + at[0]) * w + at[1]);
}

/* Which place (top, left) the window has; fails unless there is one, and exactly one, unless the image is repeated. */
static void find_window(const wg_tensor *window, const wg_tensor *x, int64_t padding, wg_padding mode, double fill, int *places)
{
    const int64_t h = wg_extent(window, 2), w = wg_extent(window, 3);
    const int64_t tops = wg_extent(x, 2) + 2 * padding - h + 1, lefts = wg_extent(x, 3) + 2 * padding - w + 1;
    int found = 0;
    for (int64_t p = 0; p < tops * lefts; p++) {
        bool same = true;
        for (int64_t k = 0; same && k < wg_numel(window); k++)
            same = element(window, k) ==
                   padded(x, k / (h * w), p / lefts - padding + k / w % h, p % lefts - padding + k % w, mode, fill);
        found += same;
        places[p] += same;
    }
    assert_true(found == 1 || (found > 1 && mode == WG_PADDING_CIRCULAR));
}

static void crops_are_windows_of_the_padded_image(void **state)
{
    (void)state;
    wg_tensor *x = counted_rows(1, 40);
    wg_tensor *image = wg_reshape(x, WG_SHAPE(1, 2, 4, 5));
    for (int mode = WG_PADDING_ZEROS; mode <= WG_PADDING_CIRCULAR; mode++) {
        const double fill = mode == WG_PADDING_ZEROS ? -7 : 0;
        wg_dataset *base = wg_dataset_of(image, WG_NONE);
        wg_dataset *crop = wg_dataset_crop(base, .height = 3, .padding = 2, .mode = (wg_padding)mode, .fill = fill);
        assert_int_equal(wg_dataset_inspect(crop).x.shape.extent[1], 3);
        assert_int_equal(wg_dataset_inspect(crop).x.shape.extent[2], 5);
        int places[30] = {0};
        for (uint64_t seed = 0; seed < 300; seed++) {
            wg_tensor *window = one_row(crop, seed);
            find_window(window, image, 2, (wg_padding)mode, fill, places);
            wg_free(window);
        }
        double chi = 0; /* 6 × 5 places: above 58.3 once in a thousand */
        for (int p = 0; p < 30; p++)
            chi += (places[p] - 10.0) * (places[p] - 10.0) / 10;
        assert_true(chi < 58.3 || mode == WG_PADDING_CIRCULAR); /* where one window is several places */
        wg_dataset_destroy(base), wg_dataset_destroy(crop);
    }
    wg_free(image), wg_free(x);
}

static void shift_moves_whole_pixels(void **state)
{
    (void)state;
    wg_tensor *x = wg_from(((const unsigned char[]){1, 2, 3, 4}), WG_SHAPE(1, 1, 2, 2));
    wg_dataset *base = wg_dataset_of(x, WG_NONE), *shift = wg_dataset_shift(base, .rows = 0, .columns = 1, .fill = 9);
    int seen[3] = {0};
    for (uint64_t seed = 0; seed < 60; seed++) {
        static const double expected[3][4] = {{9, 1, 9, 3}, {1, 2, 3, 4}, {2, 9, 4, 9}};
        wg_tensor *moved = one_row(shift, seed);
        int k = 0;
        while (k < 2 && element(moved, 0) != expected[k][0])
            k++;
        assert_values(moved, expected[k], 0);
        seen[k]++;
        wg_free(moved);
    }
    assert_true(seen[0] > 5 && seen[1] > 5 && seen[2] > 5);
    wg_free(x), wg_dataset_destroy(base), wg_dataset_destroy(shift);
}

static void noise_and_cast(void **state)
{
    (void)state;
    wg_tensor *x = wg_full(WG_U8, WG_SHAPE(1, 10000), 51), *all;
    wg_dataset *base = wg_dataset_of(x, WG_NONE), *cast = wg_dataset_cast(base, .scale = 1.0 / 255, .shift = 0, .dtype = WG_F64);
    wg_dataset *noisy = wg_dataset_noise(cast, .deviation = 0.5);
    all = one_row(noisy, 3);
    double sum = 0, squares_of = 0;
    for (int i = 0; i < 10000; i++) {
        const double d = (element(all, i) - 0.2) / 0.5;
        sum += d;
        squares_of += d * d;
    }
    assert_near(sum / 10000, 0, 0.04);
    assert_near(squares_of / 10000, 1, 0.06);
    assert_null_and_error(wg_dataset_noise(base), WG_E_DTYPE, "a row x is u8 [10000]");
    wg_free(all), wg_free(x), wg_dataset_destroy(base), wg_dataset_destroy(cast), wg_dataset_destroy(noisy);
}

static void chains_have_an_end(void **state)
{
    (void)state;
    wg_tensor *x = counted_rows(2, 4), *rows;
    wg_dataset *chain = wg_dataset_of(x, WG_NONE);
    for (int i = 0; i < 15; i++) {
        wg_dataset *longer = wg_dataset_flip(chain, .p = 1, .shape = WG_SHAPE(4));
        assert_non_null(longer);
        wg_dataset_destroy(chain);
        chain = longer;
    }
    assert_null_and_error(wg_dataset_flip(chain, .shape = WG_SHAPE(4)), WG_E_ARGUMENT,
                          "dataset_map: more than 15 changes in a chain");
    assert_ok(wg_dataset_items(chain, WG_NONE, &rows, NULL));
    assert_values(rows, (const double[]){3, 2, 1, 0, 1003, 1002, 1001, 1000}, 0);
    wg_free(rows), wg_free(x), wg_dataset_destroy(chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_may_have_another_type),
        TEST(numbers_of_an_item_are_those_of_the_stream),
        TEST(steps_of_a_chain_draw_different_numbers),
        TEST(plain_numbers_are_those_of_the_ops),
        TEST(flip_reverses_an_axis),
        TEST(flat_images_have_a_shape),
        TEST(crops_are_windows_of_the_padded_image),
        TEST(shift_moves_whole_pixels),
        TEST(noise_and_cast),
        TEST(chains_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
