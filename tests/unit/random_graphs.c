/* Random programs: a seed makes a graph of ops, views, fan-out and nested tapes. First and second derivatives are compared with
   central differences, and what must not matter (dropping values, tracing, running again, tapes within tapes) with the plain
   run. */
#include <stdio.h>

#include "common.h"

enum { GRAPHS = 400, MANY_GRAPHS = 100000, LEAVES = 3, OPS = 24, MOST = LEAVES + OPS };

struct random {
    uint64_t state;
};

static uint64_t draw(struct random *r, uint64_t bound)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return (r->state >> 20) % bound;
}

/* What of a program may vary without a change in its result. */
struct manner {
    bool drop, nested;
};

static const wg_shape leaf_shape[] = {WG_DIMS(3, 4), WG_DIMS(4), WG_DIMS(3, 1), {0}, WG_DIMS(1, 4), WG_DIMS(2, 3, 4)};

static wg_tensor *swap_axes(wg_tensor *t)
{
    static const int order[3][3] = {{0}, {1, 0}, {0, 2, 1}};
    const int rank = wg_rank(t);
    return rank < 2 ? t : wg_permute(wg_permute(t, order[rank - 1]), order[rank - 1]);
}

static wg_tensor *one_op(struct random *r, wg_tensor *a, wg_tensor *b)
{
    switch (draw(r, 14)) {
    case 0:
    case 1:
        return wg_add(a, b);
    case 2:
    case 3:
        return wg_mul(a, b);
    case 4:
        return wg_sub(a, b);
    case 5:
        return wg_tanh(a);
    case 6:
        return wg_mul_scalar(a, 0.7);
    case 7:
        return wg_sigmoid(wg_add(a, a));
    case 8:
        return wg_sum(a, .axis = WG_ALL, .keepdims = draw(r, 2));
    case 9:
        return wg_rank(a) > 0 ? wg_mean(a, .axis = (int)draw(r, (uint64_t)wg_rank(a)), .keepdims = true) : wg_square(a);
    case 10:
        return swap_axes(a);
    case 11:
        return wg_reshape(wg_reshape(a, WG_SHAPE(-1)), wg_shape_of(a));
    case 12:
        return wg_div(a, wg_add_scalar(wg_square(b), 1));
    default:
        return wg_rank(a) == 2 ? wg_tanh(wg_matmul(a, wg_permute(a, (const int[]){1, 0}))) : wg_exp(wg_tanh(a));
    }
}

/* Square results of matmul, (3,3) and the like, do not broadcast with the rest: those are summed at once. */
static wg_tensor *fitting(wg_tensor *t)
{
    const wg_shape s = wg_shape_of(t);
    const bool fits = s.rank == 0 || ((s.extent[s.rank - 1] == 4 || s.extent[s.rank - 1] == 1) &&
                                      (s.rank < 2 || s.extent[s.rank - 2] == 3 || s.extent[s.rank - 2] == 1));
    return fits ? t : wg_sum(t);
}

/* Runs the program of this seed on the leaves. Opens tapes of its own if nested; the caller closes them. */
static wg_tensor *program(uint64_t seed, wg_tensor *const *leaves, struct manner manner)
{
    struct random r = {seed * 0x9E3779B97F4A7C15u + 1};
    wg_tensor *pool[MOST], *total = NULL;
    int n = 0;
    for (; n < LEAVES; n++)
        pool[n] = leaves[n];
    for (int i = 0; i < OPS; i++) {
        const int a = (int)draw(&r, (uint64_t)n), b = (int)draw(&r, (uint64_t)n);
        if (manner.nested && i % 8 == 7)
            wg_tape_open();
        pool[n] = made(wg_tanh(fitting(made(one_op(&r, pool[a], pool[b])))));
        n++;
    }
    for (int i = LEAVES; i < n; i++) {
        wg_tensor *part = made(wg_sum(pool[i]));
        total = total ? made(wg_add(total, part)) : part;
        if (manner.drop)
            wg_drop(pool[i]);
    }
    for (int i = 0; i < LEAVES; i++) /* every leaf counts */
        total = made(wg_add(total, wg_sum(wg_mul(leaves[i], leaves[i]))));
    return total;
}

static void close_all(void)
{
    while (wg_tape_top())
        assert_ok(wg_tape_close(wg_tape_top()));
}

static double value_at(uint64_t seed, wg_tensor *const *leaves)
{
    wg_tape_open();
    const double value = wg_item(program(seed, leaves, (struct manner){0}));
    close_all();
    return value;
}

/* leaves += h direction */
static void move(wg_tensor *const *leaves, wg_tensor *const *direction, double h)
{
    for (int i = 0; i < LEAVES; i++) {
        double *to = wg_data_mut(leaves[i]);
        const double *by = wg_data(direction[i]);
        for (int64_t k = 0; k < wg_numel(leaves[i]); k++)
            to[k] += h * by[k];
    }
}

static wg_tensor *dot(wg_tensor *const *a, wg_tensor *const *b)
{
    wg_tensor *total = NULL;
    for (int i = 0; i < LEAVES; i++) {
        wg_tensor *term = made(wg_sum(wg_mul(a[i], b[i])));
        total = total ? made(wg_add(total, term)) : term;
    }
    return total;
}

/* The derivative along direction, and, if second is not NULL, the second one along it. */
static double slope(uint64_t seed, wg_tensor *const *leaves, wg_tensor *const *direction, double *second)
{
    wg_tensor *g[LEAVES], *gg[LEAVES];
    wg_tape_open();
    assert_ok(wg_grad_many(program(seed, leaves, (struct manner){0}), leaves, LEAVES, g, .create_graph = second != NULL));
    wg_tensor *along = dot(g, direction);
    const double first = wg_item(along);
    if (second) {
        assert_ok(wg_grad_many(along, leaves, LEAVES, gg));
        *second = wg_item(dot(gg, direction));
    }
    close_all();
    return first;
}

static void gradients_in(uint64_t seed, wg_tensor *const *leaves, struct manner manner, bool trace, wg_tensor **kept)
{
    wg_tape *tape = wg_tape_open(.trace = trace);
    assert_ok(wg_backward(program(seed, leaves, manner)));
    if (trace)
        assert_ok(wg_tape_rerun(tape));
    for (int i = 0; i < LEAVES; i++)
        kept[i] = made(wg_keep(wg_gradient(leaves[i])));
    close_all();
    for (int i = 0; i < LEAVES; i++)
        wg_clear_gradient(leaves[i]);
}

struct subject {
    wg_tensor *leaves[LEAVES], *direction[LEAVES];
};

static struct subject subject_new(uint64_t seed)
{
    struct subject s;
    for (int i = 0; i < LEAVES; i++) {
        const wg_shape shape = leaf_shape[(seed / 6 + (uint64_t)i * (1 + seed % 5)) % 6];
        s.leaves[i] = leaf(WG_F64, shape, 10 * seed + (uint64_t)i);
        s.direction[i] = numbers(WG_F64, shape, 10 * seed + 5 + (uint64_t)i);
    }
    return s;
}

static void subject_free(struct subject *s)
{
    for (int i = 0; i < LEAVES; i++) {
        wg_free(s->leaves[i]);
        wg_free(s->direction[i]);
    }
}

static void derivatives_of_random_graphs(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= (uint64_t)how_often(GRAPHS, MANY_GRAPHS); seed++) {
        struct subject s = subject_new(seed);
        double second, unused;
        const double h = 1e-5, first = slope(seed, s.leaves, s.direction, &second);
        assert_near(slope(seed, s.leaves, s.direction, NULL), first, 0); /* recorded or not: the same bits */
        move(s.leaves, s.direction, h);
        const double up = value_at(seed, s.leaves), slope_up = slope(seed, s.leaves, s.direction, &unused);
        move(s.leaves, s.direction, -2 * h);
        const double down = value_at(seed, s.leaves), slope_down = slope(seed, s.leaves, s.direction, &unused);
        assert_near(first, (up - down) / (2 * h), 1e-6 * (1 + fabs(first)));
        assert_near(second, (slope_up - slope_down) / (2 * h), 1e-5 * (1 + fabs(second)));
        subject_free(&s);
    }
}

static void what_must_not_matter_does_not(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= (uint64_t)how_often(GRAPHS, MANY_GRAPHS); seed++) {
        struct subject s = subject_new(seed);
        wg_tensor *plain[LEAVES], *other[LEAVES];
        gradients_in(seed, s.leaves, (struct manner){0}, false, plain);
        for (int kind = 1; kind < 6; kind++) { /* a bit each: drop, nested, traced (whose rerun is the top tape's alone) */
            gradients_in(seed, s.leaves, (struct manner){.drop = kind & 1, .nested = kind & 2}, kind & 4, other);
            for (int i = 0; i < LEAVES; i++) {
                assert_same_bits(plain[i], other[i]);
                wg_free(other[i]);
            }
        }
        for (int i = 0; i < LEAVES; i++)
            wg_free(plain[i]);
        subject_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(derivatives_of_random_graphs),
        TEST(what_must_not_matter_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
