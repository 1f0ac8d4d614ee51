/* Random programs. A seed determines a list of ops over a pool of tensors; the pool starts with the leaves, and each op adds its
   result. Draws depend on the seed and on shapes, never on values, so a program is one function of its leaves. */
#ifndef RANDOM_GRAPHS_PROGRAM_H
#define RANDOM_GRAPHS_PROGRAM_H

#include <stdio.h>

#include "random.h"

enum { LEAVES = 3, LEAST_OPS = 5, MOST_OPS = 60, POOL = LEAVES + MOST_OPS, MOST_RANK = 4, MOST_OPERANDS = 8 };

/* Large programs have a leaf with enough elements that threads share the work. */
struct program {
    uint64_t seed;
    int ops, kinds; /* kinds: draws are from the first so many of the table in kinds.h */
    bool large;
    double scale[MOST_OPS]; /* factor for each result, so that values do not grow; found by a first run, constant afterwards */
};

/* What runs share. A run that is replayed must not make host tensors, so it uses those of another run. */
enum { MOST_SHARED = 64 };
struct shared {
    wg_tensor *t[MOST_SHARED];
    int n, at;
};

/* One run; the context of run_program, a wg_function. */
struct run {
    struct shared *shared; /* or NULL */
    struct program *program;
    bool draft;         /* the first run, which finds the scales */
    bool drop, nested;  /* must not change any bit: values are dropped; every eighth op opens a tape, which the caller closes */
    bool decide, print; /* hash the decisions; print the ops */
    uint64_t decisions; /* hash of what ops decided: on which side of a kink an element lies, orders, indices */
    long *uses;         /* counts the uses of each kind; or NULL */

    uint64_t random;
    wg_tensor *pool[POOL];
    int n, operands, operand[MOST_OPERANDS];
};

struct kind {
    const char *name;
    wg_tensor *(*apply)(struct run *p);
};

/* 0 … bound-1 */
static inline int draw(struct run *p, int64_t bound)
{
    return (int)(random_next(&p->random) % (uint64_t)(bound > 0 ? bound : 1));
}

/* low … high */
static inline double draw_real(struct run *p, double low, double high)
{
    return low + (high - low) * (double)draw(p, 1 << 20) / (1 << 20);
}

static inline int draw_axis(struct run *p, const wg_tensor *x)
{
    return draw(p, wg_rank(x));
}

static inline int64_t most_elements(const struct run *p)
{
    return p->program->large ? 100000 : 120;
}

static inline int64_t most_extent(const struct run *p)
{
    return p->program->large ? 48 : 4;
}

static inline int64_t shape_elements(wg_shape s)
{
    int64_t n = 1;
    for (int i = 0; i < s.rank; i++)
        n *= s.extent[i];
    return n;
}

/* ---- decisions ---- */

/* Records a decision: t says on which side of a kink the op is. It is a mask, indices, or piecewise constant. */
static inline void decide(struct run *p, const wg_tensor *t)
{
    if (!p->decide)
        return;
    const size_t bytes = (size_t)wg_numel(t) * wg_dtype_size(wg_dtype_of(t));
    unsigned char *copy = malloc(bytes + 1);
    assert_non_null(copy);
    assert_ok(wg_read_raw(t, copy));
    for (size_t i = 0; i < bytes; i++) /* FNV-1a */
        p->decisions = (p->decisions ^ copy[i]) * 0x100000001B3u;
    free(copy);
}

/* Records whether a > b, element by element; a and b have one shape, or b is a scalar. */
static inline void decide_greater(struct run *p, wg_tensor *a, wg_tensor *b)
{
    if (p->decide)
        decide(p, made(wg_gt(a, b)));
}

static inline void decide_above(struct run *p, wg_tensor *x, double bound)
{
    if (p->decide)
        decide_greater(p, x, made(wg_scalar(WG_F64, bound)));
}

/* find_shared returns the next host tensor that runs share, or NULL if this run is to make it and pass it to share. */
static inline wg_tensor *find_shared(struct run *p)
{
    struct shared *shared = p->shared;
    return shared && shared->at < shared->n ? shared->t[shared->at++] : NULL;
}

static inline wg_tensor *share(struct run *p, wg_tensor *t)
{
    struct shared *shared = p->shared;
    if (!shared)
        return t;
    assert_true(shared->n < MOST_SHARED);
    shared->at++;
    return shared->t[shared->n++] = made(wg_own(t));
}

/* x plus random numbers. They break ties and zeros that the program's form implies (the mean of a tensor of mean 0) and that
   only rounding would decide. Kinked ops use this. */
static inline wg_tensor *apart(struct run *p, wg_tensor *x)
{
    const uint64_t seed = (uint64_t)draw(p, 1 << 20);
    wg_tensor *by = find_shared(p);
    if (!by)
        by = share(p, numbers(WG_F64, wg_shape_of(x), seed));
    return wg_add(x, wg_mul_scalar(by, 0.3));
}

/* ---- operands ---- */

static inline int draw_place(struct run *p)
{
    if (p->program->large && draw(p, 3) == 0)
        return 0;
    const int recent = p->n < 8 ? p->n : 8;
    return draw(p, 2) ? p->n - 1 - draw(p, recent) : draw(p, p->n);
}

static inline wg_tensor *operand_at(struct run *p, int place)
{
    if (p->operands < MOST_OPERANDS)
        p->operand[p->operands++] = place;
    return p->pool[place];
}

/* Any tensor of the pool. */
static inline wg_tensor *operand(struct run *p)
{
    return operand_at(p, draw_place(p));
}

static inline bool broadcast_together(const struct run *p, const wg_tensor *a, const wg_tensor *b)
{
    const int rank = wg_rank(a) > wg_rank(b) ? wg_rank(a) : wg_rank(b);
    int64_t n = 1;
    for (int i = 1; i <= rank; i++) {
        const int64_t left = i <= wg_rank(a) ? wg_extent(a, -i) : 1, right = i <= wg_rank(b) ? wg_extent(b, -i) : 1;
        if (left != right && left != 1 && right != 1)
            return false;
        n *= left > right ? left : right;
    }
    return n <= most_elements(p);
}

/* A tensor that broadcasts with a: the first of several draws that does, otherwise the mean of the last. */
static inline wg_tensor *partner(struct run *p, const wg_tensor *a)
{
    int place = 0;
    for (int tries = 0; tries < 6; tries++) {
        place = draw_place(p);
        if (broadcast_together(p, a, p->pool[place]))
            return operand_at(p, place);
    }
    return wg_mean(operand_at(p, place));
}

/* A tensor from host numbers, which are freed. */
static inline wg_tensor *host_numbers(struct run *p, void *host, wg_dtype dtype, wg_shape shape)
{
    wg_tensor *t = find_shared(p);
    if (!t)
        t = share(p, made(wg_from_bytes(host, dtype, shape)));
    free(host);
    return t;
}

/* Indices 0 … bound-1 in that shape. */
static inline wg_tensor *indices(struct run *p, wg_shape shape, int64_t bound)
{
    const int64_t n = shape_elements(shape);
    int64_t *data = malloc((size_t)n * sizeof *data + 1);
    assert_non_null(data);
    for (int64_t i = 0; i < n; i++)
        data[i] = draw(p, bound);
    return host_numbers(p, data, WG_I64, shape);
}

/* Elements of an operand, drawn with repetition, in that shape. */
static inline wg_tensor *drawn(struct run *p, wg_shape shape)
{
    wg_tensor *flat = wg_reshape(operand(p), WG_SHAPE(-1));
    return wg_reshape(wg_index_select(flat, 0, indices(p, WG_SHAPE(shape_elements(shape)), wg_numel(flat))), shape);
}

/* An operand of exactly that shape: a partner, broadcast if necessary. */
static inline wg_tensor *of_shape(struct run *p, wg_tensor *like)
{
    wg_tensor *b = partner(p, like);
    const bool stretches = wg_rank(b) <= wg_rank(like) && wg_numel(b) <= wg_numel(like);
    for (int i = 1; stretches && i <= wg_rank(b); i++)
        if (wg_extent(b, -i) != 1 && wg_extent(b, -i) != wg_extent(like, -i))
            return drawn(p, wg_shape_of(like));
    return stretches && broadcast_together(p, like, b) ? wg_broadcast_to(b, wg_shape_of(like)) : drawn(p, wg_shape_of(like));
}

/* x with leading axes merged until it has that rank. */
static inline wg_tensor *merged(wg_tensor *x, int rank)
{
    wg_shape s = wg_shape_of(x);
    if (s.rank <= rank)
        return x;
    const int extra = s.rank - rank;
    for (int i = 0; i < extra; i++)
        s.extent[extra] *= s.extent[i];
    memmove(s.extent, s.extent + extra, (size_t)rank * sizeof *s.extent);
    s.rank = rank;
    return wg_reshape(x, s);
}

/* An operand of that rank with no extent above most. */
static inline wg_tensor *of_rank(struct run *p, int rank, int64_t most)
{
    const int place = draw_place(p);
    if (wg_rank(p->pool[place]) < rank) {
        wg_shape s = {.rank = rank};
        for (int i = 0; i < rank; i++)
            s.extent[i] = 1 + draw(p, most);
        while (shape_elements(s) > most_elements(p))
            s.extent[draw(p, rank)] = 1;
        return drawn(p, s);
    }
    wg_tensor *x = merged(operand_at(p, place), rank);
    for (int i = 0; i < rank; i++)
        if (wg_extent(x, i) > most) {
            const int64_t start = draw(p, wg_extent(x, i) - most + 1);
            x = wg_slice(x, i, start, start + most, 1);
        }
    return x;
}

/* An operand of rank least or more. */
static inline wg_tensor *of_rank_from(struct run *p, int least)
{
    for (int tries = 0; tries < 6; tries++) {
        const int place = draw_place(p);
        if (wg_rank(p->pool[place]) >= least)
            return operand_at(p, place);
    }
    return of_rank(p, least, most_extent(p));
}

/* ---- running ---- */

static const struct kind *draw_kind(struct run *p);

/* x, or a part of it whose rank and size later ops can handle. */
static inline wg_tensor *trimmed(const struct run *p, wg_tensor *x)
{
    x = merged(x, MOST_RANK);
    while (wg_numel(x) > most_elements(p)) {
        int longest = 0;
        for (int i = 1; i < wg_rank(x); i++)
            if (wg_extent(x, i) > wg_extent(x, longest))
                longest = i;
        x = wg_slice(x, longest, 0, wg_extent(x, longest) / 2, 1);
    }
    return x;
}

/* The larger of two, NaN if either is. */
static inline double worse(double a, double b)
{
    return a > b || isnan(a) ? a : b;
}

static inline double largest_magnitude(const wg_tensor *x)
{
    double largest = 0, *copy = malloc((size_t)wg_numel(x) * sizeof *copy);
    assert_non_null(copy);
    assert_ok(wg_read(x, copy));
    for (int64_t i = 0; i < wg_numel(x); i++)
        largest = worse(largest, fabs(copy[i]));
    free(copy);
    return largest;
}

static inline void print_step(const struct run *p, const char *name, const wg_tensor *y)
{
    char text[100];
    print_error("  %2d = %s(", p->n, name);
    for (int i = 0; i < p->operands; i++)
        print_error(i ? ", %d" : "%d", p->operand[i]);
    print_error(") %s %s\n", y ? wg_shape_text(wg_shape_of(y), text, sizeof text) : "FAILED",
                wg_dtype_of(y) == WG_F64 ? "" : wg_dtype_name(wg_dtype_of(y)));
}

static inline void print_program(struct program *program, wg_tensor *const *leaves);

static inline void run_step(struct run *p, wg_tensor *const *leaves, int i)
{
    p->operands = 0;
    const struct kind *kind = draw_kind(p);
    wg_tensor *y = kind->apply(p);
    if (p->print)
        print_step(p, kind->name, y);
    else if (!y)
        print_program(p->program, leaves);
    y = made(trimmed(p, made(y)));
    if (p->draft) {
        const double largest = largest_magnitude(y);
        if (!isfinite(largest))
            fail_msg("program %ld: op %d, %s, gives %g", (long)p->program->seed, p->n, kind->name, largest);
        p->program->scale[i] = largest > 2 ? 1.5 / largest : 1;
    }
    p->pool[p->n++] = p->program->scale[i] == 1 ? y : made(wg_mul_scalar(y, p->program->scale[i]));
}

/* The program's result, of rank 0: a weighted sum of the means of tanh of all leaves and results, with weights such that x and
   -x do not cancel. A wg_function. */
static inline wg_tensor *run_program(wg_tensor *const *leaves, size_t n, void *context)
{
    struct run *p = context;
    wg_tensor *total = NULL;
    p->random = p->program->seed * 0x9E3779B97F4A7C15u + 1;
    p->decisions = 0xCBF29CE484222325u;
    p->n = 0;
    while (p->n < (int)n) {
        p->pool[p->n] = leaves[p->n];
        p->n++;
    }
    for (int i = 0; i < p->program->ops; i++) {
        if (p->nested && i % 8 == 7)
            wg_tape_open();
        run_step(p, leaves, i);
    }
    for (int i = 0; i < p->n; i++) {
        wg_tensor *part = wg_mul_scalar(wg_mean(wg_tanh(p->pool[i])), 1 + (double)i / POOL);
        total = made(total ? wg_add(total, part) : part);
    }
    for (int i = (int)n; p->drop && i < p->n; i++)
        wg_drop(p->pool[i]);
    return total;
}

static inline void close_tapes(void)
{
    while (wg_tape_top())
        assert_ok(wg_tape_close(wg_tape_top()));
}

static inline void print_program(struct program *program, wg_tensor *const *leaves)
{
    char text[100];
    print_error("program %ld:\n", (long)program->seed);
    for (int i = 0; i < LEAVES; i++)
        print_error("  %2d = leaf %s\n", i, wg_shape_text(wg_shape_of(leaves[i]), text, sizeof text));
    struct run run = {.program = program, .print = true};
    wg_tape_open();
    run_program(leaves, LEAVES, &run);
    close_tapes();
}

/* ---- making programs ---- */

static inline wg_shape draw_shape(uint64_t *random)
{
    for (;;) {
        wg_shape s = {.rank = (int)(random_next(random) % (MOST_RANK + 1))};
        for (int i = 0; i < s.rank; i++)
            s.extent[i] = 1 + (int64_t)(random_next(random) % 5);
        if (shape_elements(s) <= 60)
            return s;
    }
}

/* The given point of the program: new leaves, and a direction of their shapes. */
static inline void program_point(const struct program *program, int point, wg_tensor **leaves, wg_tensor **direction)
{
    uint64_t random = program->seed * 0xD1342543DE82EF95u + 7;
    for (int i = 0; i < LEAVES; i++) {
        const wg_shape shape = program->large && i == 0 ? WG_SHAPE(260, 280) : draw_shape(&random);
        const uint64_t seed = (program->seed * 64 + (uint64_t)point) * 8 + (uint64_t)i;
        leaves[i] = leaf(WG_F64, shape, seed);
        direction[i] = numbers(WG_F64, shape, seed + LEAVES);
    }
}

static inline struct program program_new(uint64_t seed, int kinds, bool large)
{
    uint64_t random = seed * 0xA0761D6478BD642Fu + 3;
    random_next(&random);
    struct program program = {.seed = seed, .kinds = kinds, .large = large};
    program.ops = LEAST_OPS + (int)(random_next(&random) % (MOST_OPS - LEAST_OPS + 1));
    return program;
}

#endif
