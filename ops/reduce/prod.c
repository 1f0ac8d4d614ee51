/* The product over axes. The gradient uses a product tree, by repeated halving. It contains no division, so derivatives of any
   order are right where elements are 0, and each element is a factor in only log₂ n products. */
#ifdef REAL
#define NAME prod
#define COMBINE(a, b) ((a) * (b))
#define FINISH(a, n) (a)
#define EMPTY ((REAL)1)
#define TRANSPOSED_UNDER WG_REDUCE_LANES /* from this length on, rows are vectorised along the row */
#include "ops/reduce/reduce_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/prod.c"
#include "ops/op.h"

/* One level of the tree: first · second is the next level's operand. If the number of slices is odd, the last one is left over and
   is multiplied into the product of the slices that earlier levels left over. */
struct halving {
    wg_tensor *first, *second, *last, *over; /* last: WG_NONE for an even number; over: the product before this level, or WG_NONE */
};
enum { HALVINGS = 63 };

static wg_tensor *times(wg_tensor *a, wg_tensor *b)
{
    return !a || !b ? NULL : wg_absent(a) ? b : wg_mul(a, b);
}

/* For each slice of x along axis 0: g times the product of all other slices. g has extent 1 along axis 0. */
static wg_tensor *of_others(wg_tensor *x, wg_tensor *g)
{
    struct halving halving[HALVINGS];
    wg_tensor *over = WG_NONE;
    int n = 0;
    for (int64_t count = wg_extents(x)[0]; count > 1 && x && over; count /= 2, n++) {
        struct halving *h = &halving[n];
        *h = (struct halving){wg_slice(x, 0, 0, count / 2, 1), wg_slice(x, 0, count / 2, count / 2 * 2, 1), WG_NONE, over};
        if (count % 2 != 0 && (h->last = wg_slice(x, 0, count - 1, count, 1)))
            over = times(over, h->last);
        x = h->last ? wg_mul(h->first, h->second) : NULL;
    }
    if (!x || !over)
        return NULL;
    wg_tensor *to_over = wg_absent(over) ? WG_NONE : wg_mul(g, x), *to = times(over, g);
    for (; n > 0 && to && to_over; n--) {
        const struct halving *h = &halving[n - 1];
        wg_tensor *part[3] = {wg_mul(h->second, to), wg_mul(h->first, to)};
        const bool odd = !wg_absent(h->last);
        if (odd) {
            part[2] = times(h->over, to_over);
            to_over = wg_absent(h->over) ? WG_NONE : wg_mul(to_over, h->last);
        }
        to = wg_concat(part, odd ? 3 : 2, 0);
    }
    return to_over ? to : NULL;
}

/* The gradient, of x's shape. The reduced axes are permuted to the front and merged into one. */
static wg_tensor *gradient(const wg_call *c, wg_tensor *g)
{
    const struct wg_reduce_params *p = c->params;
    wg_tensor *x = c->in[0];
    wg_shape front = {.rank = x->rank}, joined = {.rank = 1, .extent = {1}};
    wg_axes order = {.count = x->rank}, inverse = {.count = x->rank};
    int n = 0;
    if (x->numel == 0)
        return wg_zeros((wg_dtype)x->dtype, wg_shape_of(x));
    for (int reduced = 1; reduced >= 0; reduced--)
        for (int axis = 0; axis < x->rank; axis++)
            if ((p->axes >> axis & 1) == reduced) {
                const int64_t extent = wg_extents(x)[axis];
                order.axis[n] = (int8_t)axis;
                inverse.axis[axis] = (int8_t)n;
                front.extent[n++] = extent;
                if (reduced)
                    joined.extent[0] *= extent;
                else
                    joined.extent[joined.rank++] = extent;
            }
    wg_shape one = joined;
    one.extent[0] = 1;
    wg_tensor *slices = wg_reshape(wg_permute(x, order), joined), *each = wg_reshape(g, one);
    wg_tensor *y = slices && each ? of_others(slices, each) : NULL;
    return y ? wg_permute(wg_reshape(y, front), inverse) : NULL;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], gradient(c, gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *one = wg_ones((wg_dtype)c->in[0]->dtype, wg_shape_of(c->out[0])), *slope = one ? gradient(c, one) : NULL;
    return wg_made(ty[0] = slope ? wg_invoke1(&wg_op_sum, c->params, wg_mul(slope, tx[0])) : NULL);
}

/* Per result over n elements: n - 1 multiplications. */
static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    if (c->in[0]->numel > 0)
        cost.mul = (double)(c->in[0]->numel - c->out[0]->numel);
    return cost;
}

#define OVER(...)                                      \
    .n = 1, .params = &(const struct wg_reduce_params) \
    {                                                  \
        __VA_ARGS__                                    \
    }

const struct wg_op wg_op_prod = {
    .name = WG_REGISTERED("prod"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_reduce_shape,
    .kernels = REDUCE_KERNELS(prod),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    WG_SAMPLES({"rows", {WG_DIMS(3, 4)}, OVER(.axes = 2), .low = {0.5}, .high = {1.5}}, {"all", {WG_DIMS(3, 3)}, OVER(.axes = 3)},
               {"columns", {WG_DIMS(7, 2)}, OVER(.axes = 1, .keepdims = true)}, {"outer", {WG_DIMS(2, 3, 5)}, OVER(.axes = 5)},
               {"blocks", {WG_DIMS(300)}, OVER(.axes = 1), .low = {0.9}, .high = {1.1}}),
};
#endif
