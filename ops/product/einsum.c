/* Einstein summation. Axes are named by letters. Operands are combined from left to right. When two are combined, the letters
   that both have and that nothing later needs are summed by one batched matmul; the letters that both have and that are still
   needed form its batch. */
#include "ops/op.h"

enum {
    MOST_LETTERS = 255, /* in an equation */
    FIRST_DOT = 128,    /* "..." stands for axes named FIRST_DOT + k, k counted from the last of them */
    N_NAMES = FIRST_DOT + WG_MAX_RANK,
};

struct params {
    char equation[MOST_LETTERS + 1]; /* spaces removed */
};

/* A tensor with a name for each axis. Names are distinct, except in an operand before take_diagonals. */
struct term {
    wg_tensor *t;
    int rank;
    uint8_t name[WG_MAX_RANK];
};

static wg_status refuse(wg_status code, const char *equation, const char *text)
{
    return wg_fail(code, "einsum", "einsum: \"%s\": %s", equation, text);
}

/* ---- parsing the equation ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads the names of one term and moves *at to the character after it. "..." stands for `dots` axes; with dots = -1, for as many
   as rank leaves beside the letters. */
static wg_status read_term(const char *equation, const char **at, int rank, int dots, struct term *term)
{
    int letters = 0;
    bool dotted = false;
    for (const char *p = *at; is_letter(*p) || *p == '.'; p++)
        letters += *p != '.';
    if (dots < 0)
        dots = rank > letters ? rank - letters : 0;
    for (term->rank = 0; is_letter(**at) || **at == '.';) {
        const bool dot = **at == '.';
        if (dot && (dotted || strncmp(*at, "...", 3) != 0))
            return refuse(WG_E_ARGUMENT, equation, "expected \"...\" at most once in a term");
        const int axes = dot ? dots : 1;
        if (term->rank + axes > WG_MAX_RANK)
            return refuse(WG_E_ARGUMENT, equation, "expected at most 8 axes in a term");
        for (int i = 0; i < axes; i++)
            term->name[term->rank++] = dot ? (uint8_t)(FIRST_DOT + axes - 1 - i) : (uint8_t)(*at)[0];
        dotted = dotted || dot;
        *at += dot ? 3 : 1;
    }
    return WG_OK;
}

static wg_status refuse_extents(const char *equation, int name, int64_t a, int64_t b)
{
    const char letter[] = {(char)name, 0};
    char text[120];
    snprintf(text, sizeof text, "%s has extents %lld and %lld", name < FIRST_DOT ? letter : "an axis of \"...\"", (long long)a,
             (long long)b);
    return refuse(WG_E_SHAPE, equation, text);
}

/* Reads one term for each operand, and the extent of each name. */
static wg_status read_operands(const wg_call *c, const char *equation, const char **at, struct term *terms, int64_t *extent)
{
    for (unsigned i = 0; i < c->n_in; i++) {
        if (i > 0 && *(*at)++ != ',')
            return refuse(WG_E_ARGUMENT, equation, "expected a term for each operand, got more operands");
        terms[i].t = c->in[i];
        WG_TRY(read_term(equation, at, c->in[i]->rank, -1, &terms[i]));
        if (**at && **at != ',' && strncmp(*at, "->", 2) != 0)
            return refuse(WG_E_ARGUMENT, equation, "expected letters, \",\", \"...\" and \"->\" only");
        if (terms[i].rank != c->in[i]->rank) {
            char text[80];
            snprintf(text, sizeof text, "the term of operand %u does not name its %d axes", i, c->in[i]->rank);
            return refuse(WG_E_SHAPE, equation, text);
        }
        for (int axis = 0; axis < terms[i].rank; axis++) {
            const int name = terms[i].name[axis];
            const int64_t n = wg_extents(c->in[i])[axis];
            const bool stretches = name >= FIRST_DOT && (n == 1 || extent[name] == 1);
            if (extent[name] >= 0 && extent[name] != n && !stretches)
                return refuse_extents(equation, name, extent[name], n);
            extent[name] = extent[name] < 0 || extent[name] == 1 ? n : extent[name];
        }
    }
    return WG_OK;
}

/* The result's term of an equation without "->": the axes of "...", then the letters that occur once, in alphabetical order. */
static wg_status implied(const wg_call *c, const char *equation, const struct term *terms, struct term *result)
{
    int count[N_NAMES] = {0};
    result->rank = 0;
    for (unsigned i = 0; i < c->n_in; i++)
        for (int axis = 0; axis < terms[i].rank; axis++)
            count[terms[i].name[axis]]++;
    for (int k = 0; k < N_NAMES; k++) {
        const int name = k < WG_MAX_RANK ? N_NAMES - 1 - k : k - WG_MAX_RANK;
        if (count[name] == 0 || (name < FIRST_DOT && count[name] > 1))
            continue;
        if (result->rank == WG_MAX_RANK)
            return refuse(WG_E_ARGUMENT, equation, "expected at most 8 axes in the result");
        result->name[result->rank++] = (uint8_t)name;
    }
    return WG_OK;
}

static wg_status read_equation(const wg_call *c, const char *equation, struct term *terms, struct term *result)
{
    const char *at = equation;
    int64_t extent[N_NAMES];
    bool seen[N_NAMES] = {false};
    int dots = 0;
    for (int name = 0; name < N_NAMES; name++)
        extent[name] = -1;
    WG_TRY(read_operands(c, equation, &at, terms, extent));
    for (int name = FIRST_DOT; name < N_NAMES; name++)
        dots += extent[name] >= 0;
    if (*at == 0)
        return implied(c, equation, terms, result);
    if (*at == ',')
        return refuse(WG_E_ARGUMENT, equation, "expected an operand for each term, got more terms");
    at += 2;
    WG_TRY(read_term(equation, &at, 0, dots, result));
    if (*at)
        return refuse(WG_E_ARGUMENT, equation, "expected a result of letters and \"...\" only");
    for (int axis = 0; axis < result->rank; axis++) {
        const int name = result->name[axis];
        if (extent[name] < 0 || seen[name])
            return refuse(WG_E_ARGUMENT, equation,
                          seen[name] ? "the result names a letter twice" : "the result names a letter of no operand");
        seen[name] = true;
    }
    return WG_OK;
}

/* ---- operations on one tensor ---- */

static int find(const struct term *term, int name)
{
    for (int axis = 0; axis < term->rank; axis++)
        if (term->name[axis] == name)
            return axis;
    return -1;
}

static void remove_axis(struct term *term, int axis)
{
    term->rank--;
    memmove(term->name + axis, term->name + axis + 1, (size_t)(term->rank - axis));
}

/* Replaces the axes that share a name by their diagonal. */
static void take_diagonals(struct term *term)
{
    for (int axis = 0; axis < term->rank;) {
        const int name = term->name[axis], first = find(term, name);
        if (first == axis) {
            axis++;
            continue;
        }
        wg_axes order = {.count = 0};
        for (int i = 0; i < term->rank; i++)
            if (i != axis && i != first)
                order.axis[order.count++] = (int8_t)i;
        order.axis[order.count++] = (int8_t)first;
        order.axis[order.count++] = (int8_t)axis;
        term->t = wg_diagonal(wg_permute(term->t, order));
        remove_axis(term, axis);
        remove_axis(term, first);
        term->name[term->rank++] = (uint8_t)name;
        axis = 0;
    }
}

/* Sums over the axes whose name is not in kept. */
static void sum_others(struct term *term, const bool *kept)
{
    wg_reduce_options options = {.axis = WG_ALL};
    int rank = 0;
    for (int axis = 0; axis < term->rank; axis++) {
        if (kept[term->name[axis]])
            term->name[rank++] = term->name[axis];
        else
            options.axes.axis[options.axes.count++] = (int8_t)axis;
    }
    term->rank = rank;
    if (options.axes.count > 0)
        term->t = wg_sum_with(term->t, options);
}

/* Permutes the axes into the order of name, which has the same names. */
static void arrange(struct term *term, const uint8_t *name)
{
    wg_axes order = {.count = term->rank};
    bool same = true;
    for (int axis = 0; axis < term->rank; axis++) {
        order.axis[axis] = (int8_t)find(term, name[axis]);
        same = same && order.axis[axis] == axis;
    }
    if (!same)
        term->t = wg_permute(term->t, order);
    memmove(term->name, name, (size_t)term->rank);
}

static void reshape(struct term *term, wg_shape shape)
{
    if (term->t &&
        (shape.rank != term->t->rank || memcmp(shape.extent, wg_extents(term->t), (size_t)shape.rank * sizeof *shape.extent) != 0))
        term->t = wg_reshape(term->t, shape);
}

/* ---- operations on two tensors ---- */

/* Removes axes of "..." with extent 1 where the other operand has a larger extent: the other one alone gives the broadcast
   extent. */
static void drop_stretched(struct term *term, const struct term *other)
{
    wg_shape shape = {.rank = 0};
    if (!term->t || !other->t)
        return;
    for (int axis = 0; axis < term->rank; axis++) {
        const int there = find(other, term->name[axis]);
        const int64_t n = wg_extents(term->t)[axis];
        if (n == 1 && there >= 0 && wg_extents(other->t)[there] != 1)
            continue;
        term->name[shape.rank] = term->name[axis];
        shape.extent[shape.rank++] = n;
    }
    term->rank = shape.rank;
    reshape(term, shape);
}

/* Sums over the letters that only term has and that nothing later needs. */
static void sum_own(struct term *term, const struct term *other, const bool *needed)
{
    bool kept[N_NAMES];
    memcpy(kept, needed, sizeof kept);
    for (int axis = 0; axis < other->rank; axis++)
        kept[other->name[axis]] = true;
    sum_others(term, kept);
}

/* Appends to names those of term that are in other or not (in_other) and needed or not (is_needed). Returns their number. */
static int select_names(const struct term *term, const struct term *other, bool in_other, const bool *needed, bool is_needed,
                        uint8_t *names)
{
    int n = 0;
    for (int axis = 0; axis < term->rank; axis++)
        if ((find(other, term->name[axis]) >= 0) == in_other && needed[term->name[axis]] == is_needed)
            names[n++] = term->name[axis];
    return n;
}

/* The product of n extents, beginning at an axis. */
static int64_t merged(const struct term *term, int axis, int n)
{
    int64_t product = 1;
    for (int i = 0; i < n; i++)
        product *= wg_extents(term->t)[axis + i];
    return product;
}

/* Replaces a by the product of a and b, summed over the letters that both have and that nothing later needs: (batch, left,
   inner) (batch, inner, right). */
static wg_status join(const char *equation, struct term *a, struct term *b, const bool *needed)
{
    uint8_t of_a[WG_MAX_RANK], of_b[WG_MAX_RANK], of_both[2 * WG_MAX_RANK];
    drop_stretched(a, b);
    drop_stretched(b, a);
    sum_own(a, b, needed);
    sum_own(b, a, needed);
    const int batch = select_names(a, b, true, needed, true, of_a);
    const int left = select_names(a, b, false, needed, true, of_a + batch);
    const int inner = select_names(a, b, true, needed, false, of_a + batch + left);
    memcpy(of_both, of_a, (size_t)(batch + left));
    memcpy(of_b, of_a, (size_t)batch);
    memcpy(of_b + batch, of_a + batch + left, (size_t)inner);
    const int right = select_names(b, a, false, needed, true, of_b + batch + inner);
    memcpy(of_both + batch + left, of_b + batch + inner, (size_t)right);
    if (batch + left + right > WG_MAX_RANK)
        return refuse(WG_E_SHAPE, equation, "expected at most 8 axes in each intermediate product");
    arrange(a, of_a);
    arrange(b, of_b);
    if (!a->t || !b->t)
        return WG_E_NULL;
    wg_shape first = {.rank = 0}, second, result = {.rank = batch + left + right};
    const int batches = batch <= WG_MAX_RANK - 2 ? batch : 1; /* merged to one axis if two more would exceed WG_MAX_RANK */
    for (int i = 0; i < batches; i++)
        first.extent[first.rank++] = batches == batch ? wg_extents(a->t)[i] : merged(a, 0, batch);
    for (int i = 0; i < batch + left; i++)
        result.extent[i] = wg_extents(a->t)[i];
    for (int i = 0; i < right; i++)
        result.extent[batch + left + i] = wg_extents(b->t)[batch + inner + i];
    second = first;
    first.extent[first.rank++] = merged(a, batch, left);
    first.extent[first.rank++] = second.extent[second.rank++] = merged(a, batch + left, inner);
    second.extent[second.rank++] = merged(b, batch + inner, right);
    reshape(a, first);
    reshape(b, second);
    a->t = inner > 0 ? wg_matmul(a->t, b->t) : wg_mul(a->t, b->t);
    a->rank = result.rank;
    memcpy(a->name, of_both, (size_t)a->rank);
    reshape(a, result);
    return wg_made(a->t);
}

/* ---- all operands ---- */

static wg_status sum_products(const wg_call *c, const char *equation, struct term *terms, wg_tensor **out)
{
    struct term result;
    int later[N_NAMES] = {0}; /* how many of the terms still to come, result included, contain the name */
    bool needed[N_NAMES];
    WG_TRY(read_equation(c, equation, terms, &result));
    for (int axis = 0; axis < result.rank; axis++)
        later[result.name[axis]]++;
    for (unsigned i = 0; i < c->n_in; i++) {
        take_diagonals(&terms[i]);
        for (int axis = 0; axis < terms[i].rank; axis++)
            later[terms[i].name[axis]]++;
    }
    for (unsigned i = 0; i < c->n_in; i++) {
        for (int axis = 0; axis < terms[i].rank; axis++)
            later[terms[i].name[axis]]--;
        for (int name = 0; name < N_NAMES; name++)
            needed[name] = later[name] > 0;
        if (i > 0)
            WG_TRY(join(equation, &terms[0], &terms[i], needed));
    }
    sum_others(&terms[0], needed);
    arrange(&terms[0], result.name);
    return wg_made(out[0] = terms[0].t);
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    if (c->n_in == 0)
        return wg_call_error(c, WG_E_ARGUMENT, "expected at least one operand");
    const struct params *p = c->params;
    struct term *terms = wg_object_new(c->n_in * sizeof *terms);
    if (!terms)
        return WG_E_MEMORY;
    const wg_status status = sum_products(c, p->equation, terms, out);
    wg_object_free(terms);
    return status;
}

wg_tensor *wg_einsum(const char *equation, wg_tensor *const *x, size_t n)
{
    struct params p = {.equation = ""};
    wg_tensor *y = NULL;
    size_t used = 0;
    if (!equation || !x || n == 0) {
        wg_fail(equation && x ? WG_E_ARGUMENT : WG_E_NULL, "einsum", "einsum: %s",
                !equation ? "the equation is NULL"
                : !x      ? "the array of tensors is NULL"
                          : "expected at least one operand");
        return NULL;
    }
    for (; *equation && used < MOST_LETTERS; equation++)
        if (*equation != ' ')
            p.equation[used++] = *equation;
    if (*equation) {
        wg_fail(WG_E_ARGUMENT, "einsum", "einsum: the equation is longer than %d letters", MOST_LETTERS);
        return NULL;
    }
    return wg_invoke(&wg_op_einsum, &p, x, n, &y, 1) == WG_OK ? y : NULL;
}

#define EQUATION(text)               \
    .params = &(const struct params) \
    {                                \
        text                         \
    }

const struct wg_op wg_op_einsum = {
    .name = WG_REGISTERED("einsum"),
    .params_size = sizeof(struct params),
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"product", {WG_DIMS(3, 4), WG_DIMS(4, 2)}, .n = 2, EQUATION("ij,jk->ik")},
               {"batch", {WG_DIMS(2, 3, 4), WG_DIMS(4, 2)}, .n = 2, EQUATION("...ij,jk")},
               {"trace", {WG_DIMS(3, 3)}, .n = 1, EQUATION("ii")},
               {"scaled", {WG_DIMS(2, 3), WG_DIMS(3)}, .n = 2, EQUATION("ij,j->ji")},
               {"three", {WG_DIMS(2, 3), WG_DIMS(3, 2), WG_DIMS(2)}, .n = 3, EQUATION("ab,bc,c->a")}),
};
