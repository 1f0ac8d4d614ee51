/* Convolution and pooling against plain loops over their definitions, with random shapes, strides, paddings, dilations, groups
   and memory layouts. */
#include "common.h"

enum { CONFIGURATIONS = 200 };

/* ---- random configurations ---- */

static int64_t draw(uint64_t *state, int64_t low, int64_t high)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return low + (int64_t)((*state >> 33) % (uint64_t)(high - low + 1));
}

/* Memory layouts of a tensor (N,C,H,W). */
enum layout { ROW_MAJOR, IMAGES_INNERMOST, TRANSPOSED, STEPPED, N_LAYOUTS };

static wg_tensor *operand(wg_dtype dtype, const int64_t *e, enum layout layout, uint64_t seed)
{
    if (layout == IMAGES_INNERMOST)
        return made(wg_permute(numbers(dtype, WG_SHAPE(e[1], e[2], e[3], e[0]), seed), WG_AXES(3, 0, 1, 2)));
    if (layout == TRANSPOSED)
        return made(wg_permute(numbers(dtype, WG_SHAPE(e[0], e[3], e[2], e[1]), seed), WG_AXES(0, 3, 2, 1)));
    if (layout == STEPPED)
        return made(wg_slice(numbers(dtype, WG_SHAPE(e[0], e[1], e[2], 2 * e[3]), seed), 3, -1, INT64_MIN, -2));
    return numbers(dtype, WG_SHAPE(e[0], e[1], e[2], e[3]), seed);
}

static double *values_of(const wg_tensor *t)
{
    const int64_t n = wg_numel(t);
    double *value = calloc((size_t)n + 1, sizeof *value);
    assert_non_null(value);
    assert_ok(wg_read_raw(t, value));
    if (wg_dtype_of(t) == WG_F32)
        for (int64_t i = n - 1; i >= 0; i--) {
            float single;
            memcpy(&single, (const char *)value + (size_t)i * sizeof single, sizeof single);
            value[i] = (double)single;
        }
    return value;
}

/* A convolution: extents of x, w and the result, options and operands. */
struct convolution {
    int64_t x[4], w[4], y[4];
    wg_conv_options options;
    wg_dtype dtype;
    wg_tensor *image, *kernel, *bias, *gradient; /* gradient has the result's shape */
};

static void draw_extents(struct convolution *c, uint64_t *state)
{
    wg_conv_options *o = &c->options;
    *o = WG_CONV(.groups = draw(state, 1, 3));
    c->x[0] = draw(state, 0, 9) ? draw(state, 1, 3) : draw(state, 9, 130); /* sometimes more images than one block */
    c->w[1] = draw(state, 1, 3);
    c->x[1] = c->w[1] * o->groups;
    c->w[0] = draw(state, 1, 3) * o->groups;
    for (int axis = 0; axis < 2; axis++) {
        o->stride.at[axis] = draw(state, 1, 3);
        o->padding.at[axis] = draw(state, 0, 3);
        o->dilation.at[axis] = draw(state, 1, 3);
        c->w[2 + axis] = draw(state, 1, 4);
        const int64_t reach = o->dilation.at[axis] * (c->w[2 + axis] - 1) + 1, least = reach - 2 * o->padding.at[axis];
        c->x[2 + axis] = draw(state, least > 1 ? least : 1, (least > 1 ? least : 1) + 7);
    }
    if (c->x[0] < 4 && draw(state, 0, 9) == 0)
        c->x[3] += draw(state, 60, 140);
    c->y[0] = c->x[0];
    c->y[1] = c->w[0];
    for (int i = 2; i < 4; i++)
        c->y[i] = (c->x[i] + 2 * o->padding.at[i - 2] - o->dilation.at[i - 2] * (c->w[i] - 1) - 1) / o->stride.at[i - 2] + 1;
}

static void draw_convolution(struct convolution *c, wg_dtype dtype, uint64_t seed)
{
    uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
    draw_extents(c, &state);
    c->dtype = dtype;
    c->image = operand(dtype, c->x, (enum layout)draw(&state, 0, N_LAYOUTS - 1), seed * 4);
    c->kernel = operand(dtype, c->w, (enum layout)draw(&state, 0, N_LAYOUTS - 1), seed * 4 + 1);
    c->gradient = operand(dtype, c->y, (enum layout)draw(&state, 0, N_LAYOUTS - 1), seed * 4 + 2);
    c->bias = draw(&state, 0, 1) ? numbers(dtype, WG_SHAPE(c->w[0]), seed * 4 + 3) : WG_NONE;
}

static int64_t at(const int64_t *extent, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return ((a * extent[1] + b) * extent[2] + c) * extent[3] + d;
}

/* The result and the gradients: each pair of an output and a tap adds a product to each of them. */
struct sums {
    const double *x, *w, *gy;
    double *y, *gx, *gw;
};
static void plain_sums(const struct convolution *c, const struct sums *s)
{
    const wg_conv_options *o = &c->options;
    const int64_t outputs = c->w[0] / o->groups;
    for (int64_t n = 0; n < c->y[0]; n++)
        for (int64_t out = 0; out < c->y[1]; out++)
            for (int64_t i = 0; i < c->y[2]; i++)
                for (int64_t j = 0; j < c->y[3]; j++)
                    for (int64_t in = 0; in < c->w[1]; in++)
                        for (int64_t u = 0; u < c->w[2]; u++)
                            for (int64_t v = 0; v < c->w[3]; v++) {
                                const int64_t row = i * o->stride.at[0] + u * o->dilation.at[0] - o->padding.at[0];
                                const int64_t column = j * o->stride.at[1] + v * o->dilation.at[1] - o->padding.at[1];
                                if (row < 0 || row >= c->x[2] || column < 0 || column >= c->x[3])
                                    continue;
                                const int64_t at_x = at(c->x, n, out / outputs * c->w[1] + in, row, column);
                                const int64_t at_w = at(c->w, out, in, u, v), at_y = at(c->y, n, out, i, j);
                                s->y[at_y] += s->x[at_x] * s->w[at_w];
                                s->gx[at_x] += s->gy[at_y] * s->w[at_w];
                                s->gw[at_w] += s->gy[at_y] * s->x[at_x];
                            }
}

/* Checks t's extents, and its values to within the round-off of a sum of that many terms. */
static void assert_values(const wg_tensor *t, const int64_t *extent, const double *want, int64_t terms)
{
    assert_int_equal(wg_rank(made((wg_tensor *)(uintptr_t)t)), 4);
    for (int axis = 0; axis < 4; axis++)
        assert_int_equal(wg_extent(t, axis), extent[axis]);
    double *got = values_of(t);
    const double tolerance = (wg_dtype_of(t) == WG_F32 ? 0x1p-21 : 0x1p-50) * (double)(terms + 1);
    for (int64_t k = 0; k < wg_numel(t); k++)
        assert_near(got[k], want[k], tolerance);
    free(got);
}

static void check_convolution(const struct convolution *c)
{
    struct sums s = {.x = values_of(c->image), .w = values_of(c->kernel), .gy = values_of(c->gradient)};
    s.y = calloc((size_t)at(c->y, c->y[0], 0, 0, 0), sizeof *s.y);
    s.gx = calloc((size_t)at(c->x, c->x[0], 0, 0, 0), sizeof *s.gx);
    s.gw = calloc((size_t)at(c->w, c->w[0], 0, 0, 0), sizeof *s.gw);
    assert_true(s.y && s.gx && s.gw);
    plain_sums(c, &s);
    for (int64_t k = 0; k < at(c->y, c->y[0], 0, 0, 0) && c->bias != WG_NONE; k++)
        s.y[k] += element(c->bias, k / (c->y[2] * c->y[3]) % c->y[1]);
    const int64_t taps = c->w[1] * c->w[2] * c->w[3];
    assert_values(wg_conv2d_with(c->image, c->kernel, c->bias, c->options), c->y, s.y, taps);
    assert_values(wg_conv2d_input(c->gradient, c->kernel, c->x[2], c->x[3], c->options), c->x, s.gx, taps * c->w[0]);
    assert_values(wg_conv2d_weight(c->image, c->gradient, c->w[2], c->w[3], c->options), c->w, s.gw, c->y[0] * c->y[2] * c->y[3]);
    double *all[] = {(double *)(uintptr_t)s.x, (double *)(uintptr_t)s.w, (double *)(uintptr_t)s.gy, s.y, s.gx, s.gw};
    for (int i = 0; i < 6; i++)
        free(all[i]);
}

static void convolution_is_its_definition(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 2 * CONFIGURATIONS; seed++) {
        WG_TAPE(tape);
        struct convolution c;
        draw_convolution(&c, seed % 2 ? WG_F32 : WG_F64, seed / 2);
        check_convolution(&c);
    }
}

/* ---- properties ---- */

static double inner(wg_tensor *a, wg_tensor *b)
{
    return wg_item(made(wg_sum(wg_mul(a, b))));
}

/* The three ops are adjoint: <C(x,w), y> = <x, I(y,w)> = <w, W(x,y)>. */
static void the_three_are_adjoint(void **state)
{
    (void)state;
    for (uint64_t seed = 1000; seed < 1000 + CONFIGURATIONS; seed++) {
        WG_TAPE(tape);
        struct convolution c;
        draw_convolution(&c, WG_F64, seed);
        const double forward = inner(wg_conv2d_with(c.image, c.kernel, WG_NONE, c.options), c.gradient);
        const double by_x = inner(c.image, wg_conv2d_input(c.gradient, c.kernel, c.x[2], c.x[3], c.options));
        const double by_w = inner(c.kernel, wg_conv2d_weight(c.image, c.gradient, c.w[2], c.w[3], c.options));
        const double tolerance = 1e-14 * (double)(wg_numel(c.gradient) * c.w[1] * c.w[2] * c.w[3]);
        assert_near(by_x, forward, tolerance);
        assert_near(by_w, forward, tolerance);
    }
}

/* The same operands in another memory order give the same bits, although other loops run. */
static void bits_do_not_depend_on_layout(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        WG_TAPE(tape);
        struct convolution c;
        draw_convolution(&c, WG_F32, seed);
        wg_tensor *x = made(wg_copy(c.image)), *w = made(wg_copy(c.kernel)), *gy = made(wg_copy(c.gradient));
        const wg_axes to_last = WG_AXES(1, 2, 3, 0), back = WG_AXES(3, 0, 1, 2);
        wg_tensor *inner_x = made(wg_permute(wg_copy(wg_permute(x, to_last)), back));
        wg_tensor *inner_gy = made(wg_permute(wg_copy(wg_permute(gy, to_last)), back));
        assert_same_bits(made(wg_conv2d_with(inner_x, w, c.bias, c.options)), made(wg_conv2d_with(x, w, c.bias, c.options)));
        assert_same_bits(made(wg_conv2d_input(inner_gy, w, c.x[2], c.x[3], c.options)),
                         made(wg_conv2d_input(gy, w, c.x[2], c.x[3], c.options)));
        assert_same_bits(made(wg_conv2d_weight(inner_x, inner_gy, c.w[2], c.w[3], c.options)),
                         made(wg_conv2d_weight(x, gy, c.w[2], c.w[3], c.options)));
    }
}

/* With the right output_padding the transposed convolution restores the image's extents. */
static void conv_transpose2d_inverts_shapes(void **state)
{
    (void)state;
    for (uint64_t seed = 2000; seed < 2000 + CONFIGURATIONS; seed++) {
        WG_TAPE(tape);
        struct convolution c;
        draw_convolution(&c, WG_F64, seed);
        wg_conv_transpose2d_options options = {
            .stride = c.options.stride, .padding = c.options.padding, .dilation = c.options.dilation, .groups = c.options.groups};
        for (int i = 0; i < 2; i++)
            options.output_padding.at[i] = (c.x[2 + i] + 2 * options.padding.at[i] - options.dilation.at[i] * (c.w[2 + i] - 1) -
                                            1) %
                                           options.stride.at[i];
        wg_tensor *bias = numbers(WG_F64, WG_SHAPE(c.x[1]), seed);
        wg_tensor *y = made(wg_conv_transpose2d_with(c.gradient, c.kernel, bias, options));
        wg_tensor *plain = made(wg_conv2d_input(c.gradient, c.kernel, c.x[2], c.x[3], c.options));
        assert_same_bits(y, made(wg_add(plain, wg_reshape(bias, WG_SHAPE(1, c.x[1], 1, 1)))));
    }
}

static void conv1d_is_conv2d_of_one_row(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(2, 4, 11), 1), *w = numbers(WG_F64, WG_SHAPE(6, 2, 3), 2);
    wg_tensor *b = numbers(WG_F64, WG_SHAPE(6), 3);
    wg_tensor *y = made(wg_conv1d(x, w, b, .stride = 2, .padding = 3, .dilation = 2, .groups = 2));
    wg_tensor *same = made(wg_conv2d(wg_reshape(x, WG_SHAPE(2, 4, 1, 11)), wg_reshape(w, WG_SHAPE(6, 2, 1, 3)), b,
                                     .stride = WG_PAIR(1, 2), .padding = WG_PAIR(0, 3), .dilation = WG_PAIR(1, 2), .groups = 2));
    assert_int_equal(wg_rank(y), 3);
    assert_int_equal(wg_extent(y, 2), 7);
    assert_same_bits(y, same);
}

/* ---- pooling ---- */

struct pooling {
    int64_t x[4], y[4];
    wg_pool_options options;
    bool adaptive;    /* options.size is that of the result */
    bool exclude_pad; /* a mean is over elements of the image */
};

static wg_avg_pool_options averaging(const struct pooling *p)
{
    const wg_pool_options *o = &p->options;
    return (wg_avg_pool_options){.size = o->size,
                                 .stride = o->stride,
                                 .padding = o->padding,
                                 .dilation = o->dilation,
                                 .ceil_mode = o->ceil_mode,
                                 .count_include_pad = !p->exclude_pad};
}

/* The number of windows along an axis: one after another while they end in the padded image or, for ceil_mode, begin in the image or
   the padding before it and the one before ends short of the end. */
static int64_t windows_along(const wg_pool_options *o, int axis, int64_t extent, int64_t reach)
{
    const int64_t padding = o->padding.at[axis], stride = o->stride.at[axis];
    int64_t n = 0;
    while (n * stride + reach <= extent + 2 * padding)
        n++;
    const bool short_of = (n - 1) * stride + reach < extent + 2 * padding;
    return n + (o->ceil_mode && short_of && n * stride < extent + padding);
}

static void draw_pooling(struct pooling *p, uint64_t seed)
{
    uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
    wg_pool_options *o = &p->options;
    *o = WG_POOL();
    p->adaptive = draw(&state, 0, 3) == 0;
    o->ceil_mode = draw(&state, 0, 1) == 1;
    p->exclude_pad = draw(&state, 0, 1) == 1;
    p->x[0] = p->y[0] = draw(&state, 0, 9) ? draw(&state, 1, 3) : draw(&state, 60, 130);
    p->x[1] = p->y[1] = draw(&state, 1, 3);
    for (int i = 0; i < 2; i++) {
        o->size.at[i] = draw(&state, 1, 4);
        o->stride.at[i] = draw(&state, 1, 3);
        o->dilation.at[i] = draw(&state, 1, 2);
        const int64_t reach = o->dilation.at[i] * (o->size.at[i] - 1) + 1;
        o->padding.at[i] = draw(&state, 0, reach / 2);
        p->x[2 + i] = draw(&state, reach > 2 ? reach : 2, reach + 7); /* at least two, so that a dilated window cannot miss the
                                                                         image */
        p->y[2 + i] = p->adaptive ? o->size.at[i] : windows_along(o, i, p->x[2 + i], reach);
    }
}

/* The first position, the number of taps and their step for window i along an axis; taps may be in the padding. */
static void window(const struct pooling *p, int axis, int64_t i, int64_t *first, int64_t *taps, int64_t *step)
{
    const wg_pool_options *o = &p->options;
    const int64_t extent = p->x[2 + axis], n = o->size.at[axis];
    *first = p->adaptive ? (int64_t)floor((double)(i * extent) / (double)n) : i * o->stride.at[axis] - o->padding.at[axis];
    *taps = p->adaptive ? (int64_t)ceil((double)((i + 1) * extent) / (double)n) - *first : n;
    *step = p->adaptive ? 1 : o->dilation.at[axis];
}

/* The taps of a window along an axis that a mean counts. */
static int64_t counted(const struct pooling *p, int axis, int64_t first, int64_t taps, int64_t step)
{
    const int64_t end = p->x[2 + axis] + (p->exclude_pad || p->adaptive ? 0 : p->options.padding.at[axis]);
    int64_t n = 0;
    for (int64_t u = 0; u < taps; u++)
        n += first + u * step < end && (first + u * step >= 0 || !p->exclude_pad);
    return n;
}

/* One window: mean and maximum of x, the index of the maximum, and gy distributed over the window. */
static void plain_window(const struct pooling *p, const double *x, double gy, int64_t n, int64_t c, int64_t i, int64_t j,
                         double *mean, int64_t *largest, double *shared)
{
    int64_t row, rows, row_step, column, columns, column_step;
    window(p, 0, i, &row, &rows, &row_step);
    window(p, 1, j, &column, &columns, &column_step);
    const double divisor = (double)(counted(p, 0, row, rows, row_step) * counted(p, 1, column, columns, column_step));
    *mean = 0;
    *largest = -1;
    for (int64_t u = 0; u < rows; u++)
        for (int64_t v = 0; v < columns; v++) {
            const int64_t h = row + u * row_step, w = column + v * column_step;
            if (h < 0 || h >= p->x[2] || w < 0 || w >= p->x[3])
                continue;
            const int64_t k = at(p->x, n, c, h, w);
            *mean += x[k] / divisor;
            *largest = *largest < 0 || x[k] > x[*largest] ? k : *largest;
            shared[k] += gy / divisor;
        }
}

static void check_pooling(const struct pooling *p, wg_dtype dtype, uint64_t seed)
{
    wg_tensor *x = operand(dtype, p->x, (enum layout)(seed % N_LAYOUTS), seed), *v = operand(dtype, p->x, ROW_MAJOR, seed + 1);
    wg_tensor *gy = operand(dtype, p->y, (enum layout)(seed / 2 % N_LAYOUTS), seed + 2);
    const int64_t n_x = wg_numel(x), n_y = wg_numel(gy);
    double *in = values_of(x), *given = values_of(v), *g = values_of(gy), *mean = calloc((size_t)n_y, sizeof *mean);
    double *most = calloc((size_t)n_y, sizeof *most), *picked = calloc((size_t)n_y, sizeof *picked);
    double *shared = calloc((size_t)n_x, sizeof *shared), *routed = calloc((size_t)n_x, sizeof *routed);
    assert_true(mean && most && picked && shared && routed);
    for (int64_t k = 0; k < n_y; k++) {
        int64_t place;
        plain_window(p, in, g[k], k / (p->y[1] * p->y[2] * p->y[3]), k / (p->y[2] * p->y[3]) % p->y[1], k / p->y[3] % p->y[2],
                     k % p->y[3], &mean[k], &place, shared);
        assert_true(place >= 0);
        most[k] = in[place];
        picked[k] = given[place];
        routed[place] += g[k];
    }
    if (p->adaptive) {
        wg_tensor *leaf = wg_add(x, wg_set_requires_grad(wg_zeros(dtype, WG_SCALAR), true));
        wg_tensor *largest = made(wg_adaptive_max_pool2d(leaf, p->y[2], p->y[3]));
        wg_tensor *average = made(wg_adaptive_avg_pool2d(leaf, p->y[2], p->y[3]));
        assert_values(largest, p->y, most, 0);
        assert_values(wg_grad(largest, leaf, .grad = gy), p->x, routed, 16);
        assert_values(average, p->y, mean, 1);
        assert_values(wg_grad(average, leaf, .grad = gy), p->x, shared, 16);
    } else {
        assert_values(wg_max_pool2d_with(x, p->options), p->y, most, 0);
        assert_values(wg_max_pool2d_pick(x, v, p->options), p->y, picked, 0);
        assert_values(wg_max_pool2d_grad(x, gy, p->options), p->x, routed, 16);
        assert_values(wg_avg_pool2d_with(x, averaging(p)), p->y, mean, 1);
        assert_values(wg_avg_pool2d_grad(gy, p->x[2], p->x[3], averaging(p)), p->x, shared, 16);
    }
    double *all[] = {in, given, g, mean, most, picked, shared, routed};
    for (int i = 0; i < 8; i++)
        free(all[i]);
}

static void pooling_is_its_definition(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 2 * CONFIGURATIONS; seed++) {
        WG_TAPE(tape);
        struct pooling p;
        draw_pooling(&p, seed / 2);
        check_pooling(&p, seed % 2 ? WG_F32 : WG_F64, seed / 2);
    }
}

/* Every extent divided into every number of windows, fewer and more than the extent. */
static void adaptive_windows_cover_the_image(void **state)
{
    (void)state;
    for (int64_t extent = 1; extent <= 9; extent++)
        for (int64_t windows = 1; windows <= 12; windows++) {
            WG_TAPE(tape);
            const struct pooling p = {{1, 1, 2, extent}, {1, 1, 1, windows}, {.size = WG_PAIR(1, windows)}, .adaptive = true};
            check_pooling(&p, WG_F64, (uint64_t)(extent * 16 + windows));
        }
}

static void max_pool2d_at_nan_ties_and_infinities(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const double inf = (double)INFINITY, nan = (double)NAN;
    const double in[4][4] = {{1, nan, 5, nan}, {3, 7, 7, 3}, {-inf, -inf, -inf, -inf}, {inf, 0, inf, nan}};
    const double v[4] = {1, 2, 3, 4}, want[4] = {nan, 7, -inf, nan}, from[4] = {2, 2, 1, 4};
    for (int i = 0; i < 4; i++) {
        wg_tensor *x = made(wg_from(in[i], WG_SHAPE(1, 1, 2, 2))), *one = made(wg_ones(WG_F64, WG_SHAPE(1, 1, 1, 1)));
        const double y = wg_item(made(wg_max_pool2d(x)));
        assert_true(y == want[i] || (isnan(y) && isnan(want[i])));
        assert_near(wg_item(made(wg_max_pool2d_pick(x, wg_from(v, WG_SHAPE(1, 1, 2, 2)), WG_POOL()))), from[i], 0);
        wg_tensor *gx = made(wg_max_pool2d_grad(x, one, WG_POOL()));
        for (int k = 0; k < 4; k++)
            assert_near(element(gx, k), k + 1 == (int)from[i], 0);
    }
}

/* ---- no elements ---- */

static void over_nothing(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = leaf(WG_F32, WG_SHAPE(0, 2, 4, 4), 1), *w = leaf(WG_F32, WG_SHAPE(3, 2, 3, 3), 2),
              *b = leaf(WG_F32, WG_SHAPE(3), 3);
    wg_tensor *y = made(wg_conv2d(x, w, b)), *leaves[3] = {x, w, b}, *gradient[3];
    assert_int_equal(wg_extent(y, 0), 0);
    assert_int_equal(wg_extent(y, 3), 2);
    assert_ok(wg_grad_many(wg_sum(wg_max_pool2d(y)), leaves, 3, gradient));
    for (int64_t k = 0; k < wg_numel(w); k++)
        assert_near(element(gradient[1], k), 0, 0);
    assert_int_equal(wg_numel(gradient[0]), 0);
    assert_near(element(gradient[2], 2), 0, 0);
    wg_tensor *silent = made(wg_conv2d(wg_zeros(WG_F32, WG_SHAPE(1, 0, 4, 4)), wg_zeros(WG_F32, WG_SHAPE(3, 0, 3, 3)), b));
    assert_near(element(silent, 4), element(b, 1), 0); /* no channels: only the bias remains */
    wg_tensor *framed = made(
        wg_conv2d(wg_zeros(WG_F32, WG_SHAPE(1, 2, 0, 4)), numbers(WG_F32, WG_SHAPE(3, 2, 2, 4), 4), b, .padding = WG_PAIR(1, 0)));
    assert_int_equal(wg_numel(framed), 3); /* nor rows */
    assert_near(element(framed, 2), element(b, 2), 0);
    wg_free(x);
    wg_free(w);
    wg_free(b);
}

static void windows_that_leave_nothing_are_refused(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(1, 1, 3, 4), 1);
    for (int64_t size = 4; size < 7; size++) {
        wg_tensor *w = numbers(WG_F32, WG_SHAPE(1, 1, size, 1), 2);
        assert_null_and_error(wg_conv2d(x, w, WG_NONE), WG_E_SHAPE, "with dilation 1 on 3 with padding 0");
        assert_null_and_error(wg_max_pool2d(x, .size = WG_PAIR(size, 1)), WG_E_SHAPE, "on 3 with padding 0");
        assert_null_and_error(wg_avg_pool2d(x, .size = WG_PAIR(size, 1)), WG_E_SHAPE, "on 3 with padding 0");
        made(wg_conv2d(x, w, WG_NONE, .padding = WG_PAIR(2, 0)));
    }
    assert_null_and_error(
        wg_max_pool2d(x, .padding = WG_PAIR(1, 2)), WG_E_SHAPE,
        "max_pool2d: expected an element of the image in each window, got a window of 2 with dilation 1 on 4 with padding 2");
    made(wg_avg_pool2d(x, .padding = WG_PAIR(1, 2)));
    assert_null_and_error(
        wg_avg_pool2d(x, .padding = WG_PAIR(1, 2), .count_include_pad = false), WG_E_SHAPE,
        "avg_pool2d: expected an element of the image in each window, got a window of 2 with dilation 1 on 4 with padding 2");
    assert_null_and_error(wg_adaptive_avg_pool2d(wg_zeros(WG_F32, WG_SHAPE(1, 1, 3, 0)), 1, 1), WG_E_SHAPE,
                          "adaptive_avg_pool2d: expected at least one element and one window, got an extent of 0 and 1 windows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(convolution_is_its_definition),
        TEST(the_three_are_adjoint),
        TEST(bits_do_not_depend_on_layout),
        TEST(conv_transpose2d_inverts_shapes),
        TEST(conv1d_is_conv2d_of_one_row),
        TEST(pooling_is_its_definition),
        TEST(adaptive_windows_cover_the_image),
        TEST(max_pool2d_at_nan_ties_and_infinities),
        TEST(over_nothing),
        TEST(windows_that_leave_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
