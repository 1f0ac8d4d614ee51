/* Views of parts of a tensor. Their gradients are added into one sum, which is right where they overlap, has the same bits
   eager, replayed and recorded, and costs time and memory linear in the elements of the views. */
#include "common.h"
#include "replay/log.h"

/* ---- the sums are right ---- */

/* Σ over all views v of Σ v²/2: the gradient of an element is the element times the number of views that contain it. */
static wg_tensor *half_squares(wg_tensor *const *view, size_t n)
{
    wg_tensor *sum = NULL;
    for (size_t i = 0; i < n; i++) {
        wg_tensor *part = wg_mul_scalar(wg_sum(wg_square(view[i])), 0.5);
        sum = sum ? wg_add(sum, part) : part;
    }
    return sum;
}

/* The number of views below that contain an element of (4, 5). */
static int shown(int row, int column)
{
    return (row == 1) + (row == 1) + (row >= 1 && row < 4) + (row % 2 == 0) + (column == 3) + (column - row == 1) +
           (row == 2 && column >= 1 && column < 3) + 1;
}

static size_t overlapping(wg_tensor *x, wg_tensor **view)
{
    size_t n = 0;
    view[n++] = wg_select(x, 0, 1);
    view[n++] = wg_select(x, 0, -3);
    view[n++] = wg_slice(x, 0, 1, 4, 1);
    view[n++] = wg_slice(x, 0, 3, INT64_MIN, -1); /* all rows, in reverse */
    view[n++] = wg_slice(x, 0, 0, 4, 2);
    view[n++] = wg_select(x, 1, 3);
    view[n++] = wg_diagonal(x, .offset = 1);
    view[n++] = wg_slice(wg_select(wg_transpose(x, 0, 1), 1, 2), 0, 1, 3, 1); /* a view of a view of a view */
    return n;
}

static void overlapping_views_add_up(void **state)
{
    (void)state;
    for (int computed = 0; computed < 2; computed++) {
        wg_tensor *x = leaf(WG_F64, WG_SHAPE(4, 5), 3), *view[16];
        for (int repeat = 0; repeat < 2; repeat++) { /* with .retain, the same gradient twice */
            WG_TAPE(tape);
            const size_t n = overlapping(computed ? wg_neg(x) : x, view);
            wg_tensor *sum = made(half_squares(view, n));
            assert_ok(wg_backward(sum, .retain = repeat == 0));
            if (repeat == 0) {
                wg_clear_gradient(x);
                assert_ok(wg_backward(sum));
            }
            for (int i = 0; i < 20; i++)
                assert_near(element(wg_gradient(x), i), shown(i / 5, i % 5) * element(x, i), 1e-14);
            wg_clear_gradient(x);
        }
        wg_free(x);
    }
}

static int hook_calls;

static wg_tensor *look(wg_tensor *g, void *context)
{
    hook_calls++;
    for (int i = 0; i < 20; i++)
        assert_near(element(g, i), shown(i / 5, i % 5) * element(context, i), 1e-14);
    return g;
}

/* For a leaf, a computed tensor, and a tensor whose gradient wg_grad returns. */
static void hooks_see_the_whole_sum(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(4, 5), 3), *view[16];
    WG_TAPE(tape);
    wg_tensor *y = made(wg_mul_scalar(x, 1));
    hook_calls = 0;
    assert_ok(wg_add_hook(x, look, x));
    assert_ok(wg_add_hook(y, look, y));
    for (int recorded = 0; recorded < 2; recorded++) {
        wg_tensor *sum = made(half_squares(view, overlapping(y, view)));
        wg_tensor *of_y = made(wg_grad(sum, y, .create_graph = recorded));
        for (int i = 0; i < 20; i++)
            assert_near(element(of_y, i), shown(i / 5, i % 5) * element(y, i), 1e-14);
        made(wg_grad(sum, x, .create_graph = recorded));
    }
    assert_int_equal(hook_calls, 6);
    wg_free(x);
}

static void chunks_and_indices(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(2, 7), 3), *part[7];
    size_t made_parts = 99;
    WG_TAPE(tape);
    assert_ok(wg_chunk(x, 1, 3, part, NULL)); /* 3, 3, 1 */
    for (int i = 0; i < 3; i++)
        assert_int_equal(wg_extent(part[i], 1), i < 2 ? 3 : 1);
    assert_same_bits(made(wg_concat(part, 3, 1)), x);
    assert_ok(wg_chunk(x, -1, 6, part, &made_parts)); /* 2, 2, 2, 1: four parts, as in PyTorch */
    assert_int_equal(made_parts, 4);
    assert_same_bits(made(wg_concat(part, 4, 1)), x);
    assert_ok(wg_chunk(made(wg_zeros(WG_F64, WG_SHAPE(0, 2))), 0, 3, part, &made_parts));
    assert_int_equal(made_parts, 3);
    assert_ok(wg_unbind(x, 1, part, 7));
    assert_int_equal(wg_rank(part[6]), 1);
    assert_ptr_equal(wg_data(part[6]), (const double *)wg_data(x) + 6);
    assert_same_bits(made(wg_stack(part, 7, 1)), x);
    assert_same_bits(made(wg_transpose(x, -1, 0)), made(wg_permute(x, WG_AXES(1, 0))));
    wg_free(x);
}

/* ---- the same bits by every route ---- */

struct world {
    wg_tensor *x, *gradient; /* gradient: kept from the last step */
    bool recorded;
};

/* Contributions of every kind and in every order: views, the tensor itself, and a product in between. */
static wg_status step(void *context)
{
    struct world *w = context;
    WG_TAPE(tape);
    wg_tensor *y = wg_tanh(w->x), *sum = wg_sum(wg_square(y)), *part[40];
    WG_TRY(wg_unbind(y, 0, part, 40));
    wg_tensor *h = part[0];
    for (int i = 1; i < 40; i++) {
        h = wg_tanh(wg_add(wg_mul(h, part[i]), wg_select(y, 0, i / 2)));
        if (i % 8 == 0)
            sum = wg_add(sum, wg_sum(wg_exp(wg_slice(y, 1, i, i + 5, 2))));
        if (i == 20)
            sum = wg_add(sum, wg_add(wg_sum(wg_sin(y)), wg_sum(wg_square(wg_matmul(y, wg_transpose(y, 0, 1))))));
    }
    sum = wg_add(sum, wg_sum(wg_mul(h, wg_diagonal(wg_slice(wg_transpose(y, 0, 1), 0, 0, 40, 1)))));
    wg_tensor *g = wg_grad(sum, w->x, .create_graph = w->recorded);
    wg_free(w->gradient);
    w->gradient = wg_keep(g);
    return w->gradient ? WG_OK : WG_E_NULL;
}

static void same_bits_eager_replayed_and_recorded(void **state)
{
    (void)state;
    struct world w = {.x = wg_set_requires_grad(numbers(WG_F32, WG_SHAPE(40, 40), 3), true)};
    wg_set_threads(1);
    assert_ok(step(&w));
    wg_tensor *want = made(wg_copy(w.gradient));
    for (int threads = 1; threads <= 3; threads++) {
        wg_set_threads(threads);
        for (int recorded = 0; recorded < 2; recorded++) {
            w.recorded = recorded;
            assert_ok(step(&w));
            assert_same_bits(w.gradient, want);
            wg_replay *replay = wg_replay_capture(step, &w);
            assert_non_null(replay);
            for (int i = 0; i < 2; i++)
                assert_ok(wg_replay_run(replay));
            assert_same_bits(w.gradient, want);
            wg_replay_destroy(replay);
        }
    }
    wg_set_threads(2);
    wg_free(want), wg_free(w.x), wg_free(w.gradient);
}

/* A recorded backward never adds in place to a gradient that several tensors share, even one given by the caller. */
static void shared_gradients_are_left_alone(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3, 2), 3), *z = leaf(WG_F64, WG_SHAPE(3, 2), 4);
    WG_TAPE(tape);
    wg_tensor *a = made(wg_neg(x)), *b = made(wg_neg(z)), *given = made(wg_full(WG_F64, WG_SHAPE(3, 2), 5));
    wg_tensor *rows = made(wg_add(wg_select(a, 0, 0), wg_add(wg_select(a, 0, 1), wg_select(a, 0, 0))));
    wg_tensor *both = made(wg_add(wg_add(a, b), wg_broadcast_to(wg_sum(rows), WG_SHAPE(3, 2))));
    wg_tensor *of[2] = {x, z}, *g[2];
    for (int i = 0; i < 2; i++) {
        assert_ok(wg_grad_many(both, of, 2, g, .grad = given, .create_graph = true));
        for (int k = 0; k < 6; k++) {
            assert_near(element(given, k), 5, 0);
            assert_near(element(g[0], k), -5 - (k < 2 ? 60 : k < 4 ? 30 : 0), 0);
            assert_near(element(g[1], k), -5, 0);
        }
    }
    wg_free(x), wg_free(z);
}

static wg_tensor *remember(wg_tensor *g, void *context)
{
    *(wg_tensor **)context = g;
    return g;
}

/* A finished sum that a hook has seen or that wg_grad returns stays unchanged, although the vjp that reads it donates its
   gradient. */
static void whole_sums_are_left_alone(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(4, 5), 3), *view[16], *seen = NULL;
    WG_TAPE(tape);
    wg_tensor *y = made(wg_neg(x)), *of[2] = {y, x}, *g[2];
    assert_ok(wg_add_hook(y, remember, &seen));
    for (int wanted = 0; wanted < 2; wanted++) {
        wg_tensor *sum = made(half_squares(view, overlapping(y, view)));
        assert_ok(wg_grad_many(sum, of + !wanted, wanted ? 2 : 1, g + !wanted, .create_graph = true));
        for (int i = 0; i < 20; i++) {
            const double want = shown(i / 5, i % 5) * element(y, i);
            assert_near(element(seen, i), want, 1e-13);
            assert_near(element(g[1], i), -want, 1e-13);
            if (wanted)
                assert_near(element(g[0], i), want, 1e-13);
        }
    }
    wg_free(x);
}

/* d/dx |d/dx f|² by differences of the first gradient. */
static wg_tensor *chained(wg_tensor *x)
{
    wg_tensor *part[6], *h = NULL;
    if (wg_unbind(wg_sin(x), 0, part, 6) != WG_OK)
        return NULL;
    for (int i = 0; i < 6; i++)
        h = wg_sin(h ? wg_add(wg_mul(h, part[i]), part[i / 2]) : part[i]);
    return wg_sum(h);
}

static double length_of_gradient(wg_tensor *x)
{
    WG_TAPE(tape);
    return wg_item(wg_sum(wg_square(wg_grad(chained(x), x))));
}

static void second_derivatives(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(6, 2), 3), *second = NULL;
    {
        WG_TAPE(tape);
        wg_tensor *first = made(wg_grad(chained(x), x, .create_graph = true));
        wg_tensor *more = made(wg_grad(wg_sum(wg_square(first)), x, .create_graph = true));
        assert_true(isfinite(wg_item(wg_sum(wg_grad(wg_sum(wg_square(more)), x)))));
        second = wg_keep(more);
    }
    for (int i = 0; i < 12; i++) {
        double *at = (double *)wg_data_mut(x) + i;
        const double before = *at, h = 1e-5;
        *at = before + h;
        const double above = length_of_gradient(x);
        *at = before - h;
        const double below = length_of_gradient(x);
        *at = before;
        assert_near(element(second, i), (above - below) / (2 * h), 1e-7);
    }
    wg_free(second), wg_free(x);
}

/* ---- the work is linear; it is counted ---- */

struct counted {
    wg_tensor *x;
    bool selects;
    double bytes;
};

/* The bytes moved by the kernels captured so far; of an addition in place only the part that is added to. */
static double bytes_moved(struct wg_log *log)
{
    double bytes = 0;
    for (size_t i = 0; i < log->launches.n; i++) {
        const struct wg_launch *launch = WG_LAUNCH(log, i);
        const struct wg_operand *first = WG_OPERAND(log, launch->operand);
        const bool adds = strcmp(launch->op->name, "view_add") == 0;
        const bool in_place = adds && first->buffer == WG_OPERAND(log, launch->operand + 1)->buffer;
        for (unsigned k = in_place ? 2 : 0; k < wg_launch_operands(launch); k++) {
            const struct wg_layout *layout = WG_LAYOUT(log, WG_OPERAND(log, launch->operand + k)->layout);
            bytes += (in_place ? 3.0 : 1.0) * (double)layout->numel * (double)wg_dtype_size((wg_dtype)layout->dtype);
        }
    }
    return bytes;
}

static wg_status each_row_once(void *context)
{
    struct counted *c = context;
    WG_TAPE(tape);
    wg_tensor *y = wg_sigmoid(c->x), *h = NULL;
    for (int64_t t = 0; t < wg_extent(y, 0); t++) {
        wg_tensor *row = c->selects ? wg_select(y, 0, t) : wg_slice(y, 0, t, t + 1, 1);
        h = h ? wg_tanh(wg_add(h, row)) : row;
    }
    WG_TRY(wg_backward(wg_sum(h)));
    c->bytes = bytes_moved((struct wg_log *)(void *)tape->thread->capture);
    wg_clear_gradient(c->x);
    return WG_OK;
}

static void work_is_linear(void **state)
{
    (void)state;
    for (int selects = 0; selects < 2; selects++) {
        double bytes[2];
        for (int k = 0; k < 2; k++) {
            struct counted c = {leaf(WG_F32, WG_SHAPE(k ? 256 : 32, 64), 3), selects, 0};
            wg_replay *replay = wg_replay_capture(each_row_once, &c);
            assert_non_null(replay);
            bytes[k] = c.bytes;
            wg_replay_destroy(replay);
            wg_free(c.x);
        }
        if (!(bytes[1] < 8.5 * bytes[0]))
            fail_msg("%g bytes for 32 rows, %g for eight times as many", bytes[0], bytes[1]);
    }
}

/* Also for a recorded backward: it keeps no separate sum for each row. */
static int64_t recorded_bytes(int64_t rows)
{
    wg_tensor *x = leaf(WG_F32, WG_SHAPE(rows, 256), 3), *part[256];
    int64_t bytes;
    {
        WG_TAPE(tape);
        assert_ok(wg_unbind(wg_sigmoid(x), 0, part, (size_t)rows));
        wg_tensor *h = part[0];
        for (int64_t t = 1; t < rows; t++)
            h = wg_tanh(wg_add(h, part[t]));
        const int64_t before = wg_memory_now().live;
        made(wg_grad(wg_sum(h), x, .create_graph = true));
        bytes = wg_memory_now().live - before;
    }
    wg_free(x);
    return bytes;
}

static void recorded_memory_is_linear(void **state)
{
    (void)state;
    const int64_t few = recorded_bytes(32), many = recorded_bytes(256);
    if (many > 9 * few)
        fail_msg("%lld bytes for 32 rows, %lld for eight times as many", (long long)few, (long long)many);
}

/* After a pass over all inputs, a replay runs the steps of a recurrence in groups and not as single launches. */
static wg_status recurrence(void *context)
{
    struct world *w = context;
    WG_TAPE(tape);
    wg_tensor *y = wg_sigmoid(wg_neg(w->x)), *h = wg_select(y, 0, 0);
    for (int64_t t = 1; t < wg_extent(y, 0); t++)
        h = wg_tanh(wg_add(wg_mul(h, wg_select(y, 0, t)), wg_select(y, 0, t - 1)));
    wg_free(w->gradient);
    w->gradient = wg_keep(h);
    return w->gradient ? WG_OK : WG_E_NULL;
}

static void recurrences_are_grouped(void **state)
{
    (void)state;
    struct world w = {.x = numbers(WG_F32, WG_SHAPE(256, 64), 3)};
    assert_ok(recurrence(&w));
    wg_tensor *want = w.gradient;
    w.gradient = NULL;
    wg_replay *replay = wg_replay_capture(recurrence, &w);
    assert_non_null(replay);
    const wg_replay_info info = wg_replay_inspect(replay);
    assert_same_bits(w.gradient, want);
    if (info.logged < 3 * 255 || info.groups > 32)
        fail_msg("%zu launches in %zu groups", info.logged, info.groups);
    wg_replay_destroy(replay);
    wg_free(want), wg_free(w.gradient), wg_free(w.x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(overlapping_views_add_up),
        TEST(hooks_see_the_whole_sum),
        TEST(chunks_and_indices),
        TEST(same_bits_eager_replayed_and_recorded),
        TEST(shared_gradients_are_left_alone),
        TEST(whole_sums_are_left_alone),
        TEST(second_derivatives),
        TEST(work_is_linear),
        TEST(recorded_memory_is_linear),
        TEST(recurrences_are_grouped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
