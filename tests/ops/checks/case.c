/* Makes cases: shapes and random values. */
#include "case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/op.h"

/* ---- values ---- */

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 40) / (double)(1 << 24);
}

/* Fills with values that differ by more than 0.05: a shuffled grid with random offsets. A short interval is widened. */
static void distinct_values(struct check_case *c, unsigned which, double low, double high, uint64_t *state)
{
    int64_t n = 0, at = 0;
    for (int i = 0; i < c->n; i++)
        n += which >> i & 1 ? c->in[i].numel : 0;
    double *grid = numbers(n);
    const double step = fmax((high - low) / (double)(n > 0 ? n : 1), 0.08), from = fmin(low, (low + high - step * (double)n) / 2);
    for (int64_t k = 0; k < n; k++)
        grid[k] = from + step * ((double)k + 0.5 + 0.25 * (uniform(state) - 0.5));
    for (int64_t k = n - 1; k > 0; k--) {
        const int64_t other = (int64_t)(uniform(state) * (double)(k + 1));
        const double swap = grid[k];
        grid[k] = grid[other];
        grid[other] = swap;
    }
    for (int i = 0; i < c->n; i++)
        for (int64_t k = 0; (which >> i & 1) && k < c->in[i].numel; k++)
            c->in[i].value[k] = (double)(float)grid[at++];
    free(grid);
}

/* Makes matrices positive semidefinite: eigenvalues are at least 0 for elements in (-1, 1). */
static void add_to_diagonals(struct operand *in)
{
    const int64_t columns = in->shape.extent[in->shape.rank - 1], rows = in->shape.extent[in->shape.rank - 2];
    for (int64_t k = 0; k < in->numel; k++)
        if (k / columns % rows == k % columns)
            in->value[k] = (double)(float)(in->value[k] + (double)columns);
}

/* Every value is exact in f32, so that both dtypes have the same values. A generator gets a seed. */
static void fill(struct check_case *c, const struct wg_sample *sample)
{
    static const double generator[4] = {12345, 1, 0, 0};
    uint64_t state = 0x2545F4914F6CDD1D;
    for (const char *p = c->name; *p; p++)
        state = (state ^ (uint64_t)*p) * 0x100000001B3u;
    unsigned distinct = 0;
    for (int i = 0; i < c->n; i++) {
        struct operand *in = &c->in[i];
        const bool plain = sample->low[i] == 0 && sample->high[i] == 0;
        const double low = plain ? -1 : sample->low[i], high = plain ? 1 : sample->high[i];
        in->numel = 1;
        for (int axis = 0; axis < in->shape.rank; axis++)
            in->numel *= in->shape.extent[axis];
        in->value = numbers(in->numel);
        distinct |= in->none ? 0 : sample->distinct & 1u << i;
        for (int64_t k = 0; k < in->numel; k++) {
            const double value = low + (high - low) * uniform(&state);
            in->value[k] = in->tested || in->dtype <= WG_F64 ? (double)(float)value : floor(value);
        }
        if (sample->dominant >> i & 1)
            add_to_diagonals(in);
        if ((c->op->flags & WG_OP_RANDOM) && operand_written(c, i) && in->numel == 4)
            memcpy(in->value, generator, sizeof generator);
    }
    for (int i = 0; i < c->n; i++)
        if (distinct >> i & 1) {
            const bool plain = sample->low[i] == 0 && sample->high[i] == 0;
            distinct_values(c, distinct, plain ? -1 : sample->low[i], plain ? 1 : sample->high[i], &state);
            break;
        }
}

static void start(struct check_case *c, const struct wg_op *op, const struct wg_sample *sample, struct check_report *report)
{
    memset(c, 0, sizeof *c);
    c->op = op;
    c->report = report;
    c->params = sample->params;
    c->n = sample->n;
    for (int i = 0; i < c->n; i++)
        c->in[i] = (struct operand){.none = sample->none >> i & 1,
                                    .tested = sample->dtype[i] == WG_F32,
                                    .shared = -1,
                                    .dtype = sample->dtype[i],
                                    .shape = sample->shape[i]};
}

void case_of_sample(struct check_case *c, const struct wg_op *op, int sample, struct check_report *report)
{
    start(c, op, &op->samples[sample], report);
    snprintf(c->name, sizeof c->name, "%s", op->samples[sample].name ? op->samples[sample].name : "?");
    fill(c, &op->samples[sample]);
}

void case_free(struct check_case *c)
{
    for (int i = 0; i < c->n; i++)
        free(c->in[i].value);
    memset(c, 0, sizeof *c);
}

/* ---- variants ---- */

/* Shapes of the first operand, the second, and all further ones, for ops that broadcast. */
struct shapes {
    const char *name;
    wg_shape first, second, rest;
};
#define SAME_SHAPES(...) WG_DIMS(__VA_ARGS__), WG_DIMS(__VA_ARGS__), WG_DIMS(__VA_ARGS__)

static const struct shapes same_layout[] = {
    {"0-d", {.rank = 0}, {.rank = 0}, {.rank = 0}},
    {"size 1", SAME_SHAPES(1)},
    {"zero size", SAME_SHAPES(0, 3)},
    {"odd", SAME_SHAPES(7)},
    {"odd long", SAME_SHAPES(67)},
    {"2-d", SAME_SHAPES(3, 5)},
    {"4-d", SAME_SHAPES(2, 3, 2, 2)},
    {"6-d", SAME_SHAPES(2, 1, 2, 1, 3, 2)},
};
static const struct shapes stretched[] = {
    {"left", WG_DIMS(3, 1), WG_DIMS(3, 4), WG_DIMS(3, 4)},       {"right", WG_DIMS(3, 4), WG_DIMS(1, 4), WG_DIMS(3, 1)},
    {"both", WG_DIMS(3, 1), WG_DIMS(1, 4), WG_DIMS(3, 1)},       {"rank left", WG_DIMS(4), WG_DIMS(2, 3, 4), WG_DIMS(2, 3, 4)},
    {"rank right", WG_DIMS(2, 3, 4), WG_DIMS(3, 1), WG_DIMS(1)}, {"scalar left", {.rank = 0}, WG_DIMS(3, 4), {.rank = 0}},
    {"scalar right", WG_DIMS(3, 4), {.rank = 0}, {.rank = 0}},   {"stretched to nothing", WG_DIMS(0, 3), WG_DIMS(1, 3), WG_DIMS(1)},
};
enum { N_ALIKE = sizeof same_layout / sizeof *same_layout, N_STRETCHED = sizeof stretched / sizeof *stretched };

struct reduced {
    const char *name;
    wg_shape shape;
    struct wg_reduce_params params;
};
/* p is read by norm only. */
static const struct reduced reductions[] = {
    {"0-d", {.rank = 0}, {.axes = 0, .p = 2}},
    {"size 1", WG_DIMS(1), {.axes = 1, .p = 2}},
    {"no groups", WG_DIMS(0, 3), {.axes = 2, .p = 2}},
    {"odd", WG_DIMS(7), {.axes = 1, .p = 2}},
    {"odd rows", WG_DIMS(5, 7), {.axes = 2, .keepdims = true, .p = 2}},
    {"odd columns", WG_DIMS(19, 35), {.axes = 1, .p = 2}},
    {"4-d", WG_DIMS(2, 3, 2, 2), {.axes = 5, .p = 2}},
    {"4-d inner", WG_DIMS(2, 3, 2, 2), {.axes = 10, .keepdims = true, .p = 2}},
    {"no axis", WG_DIMS(2, 3), {.axes = 0, .p = 2}},
};
enum { N_REDUCTIONS = sizeof reductions / sizeof *reductions };

static bool element_wise(const struct wg_op *op)
{
    return ((!op->shape && !op->compose) || (op->flags & WG_OP_BROADCASTS)) && op->n_out > 0;
}

/* Collects the distinct extents above 1 in a sample's shapes. */
enum { MOST_EXTENTS = 5, N_REPLACED = 3 };
static int extents_of(const struct wg_sample *sample, int64_t *extent)
{
    int n = 0;
    for (int i = 0; i < sample->n; i++)
        for (int axis = 0; axis < sample->shape[i].rank; axis++) {
            const int64_t e = sample->shape[i].extent[axis];
            bool known = e <= 1 || n == MOST_EXTENTS;
            for (int k = 0; k < n; k++)
                known = known || extent[k] == e;
            if (!known)
                extent[n++] = e;
        }
    return n;
}

/* First sets all extents to 1; then each extent in turn to 1, to 0, and to 5 more. */
static void replace_extents(struct check_case *c, const struct wg_sample *sample, int at)
{
    int64_t extent[MOST_EXTENTS];
    extents_of(sample, extent);
    const int64_t from = at == 0 ? -1 : extent[(at - 1) / N_REPLACED], wanted[N_REPLACED] = {1, 0, from + 5};
    const int64_t to = at == 0 ? 1 : wanted[(at - 1) % N_REPLACED];
    for (int i = 0; i < c->n; i++)
        for (int axis = 0; axis < c->in[i].shape.rank; axis++) {
            int64_t *e = &c->in[i].shape.extent[axis];
            *e = *e == from || (from < 0 && *e > 1) ? to : *e;
        }
    c->may_refuse = true;
    if (at == 0)
        snprintf(c->name, sizeof c->name, "size 1");
    else
        snprintf(c->name, sizeof c->name, "%lld for %lld", (long long)to, (long long)from);
}

int variant_count(const struct wg_op *op)
{
    int64_t extent[MOST_EXTENTS];
    if (op->shape == wg_reduce_shape)
        return N_REDUCTIONS;
    if (op->shape == wg_shape_update)
        return N_ALIKE;
    if (element_wise(op))
        return N_ALIKE + (op->n_in > 1 ? N_STRETCHED : 0);
    return op->flags & (WG_OP_VIEW | WG_OP_RANDOM) ? 0 : 1 + N_REPLACED * extents_of(&op->samples[0], extent);
}

void case_of_variant(struct check_case *c, const struct wg_op *op, int at, struct check_report *report)
{
    start(c, op, &op->samples[0], report);
    if (op->shape == wg_reduce_shape) {
        snprintf(c->name, sizeof c->name, "%s", reductions[at].name);
        c->in[0].shape = reductions[at].shape;
        c->params = &reductions[at].params;
    } else if (element_wise(op) || op->shape == wg_shape_update) {
        const struct shapes *shapes = at < N_ALIKE ? &same_layout[at] : &stretched[at - N_ALIKE];
        snprintf(c->name, sizeof c->name, "%s", shapes->name);
        for (int i = 0; i < c->n; i++)
            if ((c->in[i].tested || (op->flags & WG_OP_BROADCASTS)) && !c->in[i].none)
                c->in[i].shape = i == 0 ? shapes->first : i == 1 ? shapes->second : shapes->rest;
    } else {
        replace_extents(c, &op->samples[0], at);
    }
    fill(c, &op->samples[0]);
}

bool case_enlarged(struct check_case *c, const struct wg_op *op, int64_t elements, struct check_report *report)
{
    start(c, op, &op->samples[0], report);
    snprintf(c->name, sizeof c->name, "enlarged");
    int64_t factor = 1, largest = 0, product = 1;
    for (bool enough = false; !enough && factor < 1 << 22; factor += (factor + 3) / 4) {
        largest = 0;
        for (int i = 0; i < c->n; i++) {
            bool grows = false;
            product = 1;
            for (int axis = 0; axis < c->in[i].shape.rank; axis++) {
                const int64_t extent = c->in[i].shape.extent[axis];
                grows = grows || extent > 1;
                product *= extent > 1 ? extent * factor : extent;
            }
            largest = grows && c->in[i].tested && !c->in[i].none && product > largest ? product : largest;
        }
        enough = largest >= elements;
        if (enough)
            break;
        if (largest == 0)
            return false;
    }
    if (largest < elements || largest > 64 * elements)
        return false;
    for (int i = 0; i < c->n; i++)
        for (int axis = 0; axis < c->in[i].shape.rank; axis++)
            if (c->in[i].shape.extent[axis] > 1 && !(c->op->flags & WG_OP_RANDOM))
                c->in[i].shape.extent[axis] *= factor;
    fill(c, &op->samples[0]);
    return true;
}

/* ---- cases derived from another case ---- */

static void copy_case(struct check_case *c, const struct check_case *from)
{
    *c = *from;
    for (int i = 0; i < c->n; i++) {
        c->in[i].value = numbers(from->in[i].numel);
        memcpy(c->in[i].value, from->in[i].value, (size_t)from->in[i].numel * sizeof *c->in[i].value);
    }
}

bool case_repeated(struct check_case *c, const struct check_case *from)
{
    bool any = false;
    copy_case(c, from);
    snprintf(c->name, sizeof c->name, "%.60s, constant", from->name);
    for (int i = 0; i < c->n; i++) {
        struct operand *in = &c->in[i];
        int64_t inner = in->numel, extent = 1;
        for (int axis = 0; axis < in->shape.rank && extent <= 1 && in->numel > 0; axis++) {
            extent = in->shape.extent[axis];
            inner /= extent;
        }
        if (extent <= 1 || operand_written(c, i))
            continue;
        any = true;
        for (int64_t k = inner; k < in->numel; k++)
            in->value[k] = in->value[k % inner];
    }
    return any;
}

bool case_shared(struct check_case *c, const struct check_case *from, bool separate)
{
    bool any = false;
    copy_case(c, from);
    if (operand_written(c, 0)) /* check_aliases knows the right result for written operands */
        return false;
    snprintf(c->name, sizeof c->name, "%.60s, %s", from->name, separate ? "separate" : "shared");
    for (int i = 1; i < c->n; i++) {
        struct operand *in = &c->in[i];
        if (in->none || c->in[0].none || in->tested != c->in[0].tested || in->dtype != c->in[0].dtype || operand_written(c, i) ||
            in->shape.rank != c->in[0].shape.rank ||
            memcmp(in->shape.extent, c->in[0].shape.extent, (size_t)in->shape.rank * sizeof *in->shape.extent) != 0)
            continue;
        any = true;
        in->shared = separate ? -1 : 0;
        memcpy(in->value, c->in[0].value, (size_t)in->numel * sizeof *in->value);
    }
    return any;
}
