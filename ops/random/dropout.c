/* y = x/(1 - p) with probability 1 - p, otherwise 0; the second output is the mask of the kept elements. Each element uses the
   random word of its row-major index, so the mask does not depend on the memory order. */
#ifdef REAL
#include "ops/random/draw.h"
#include "ops/random/mask_scale.h"

enum { T(MASK_BLOCKS) = 64, T(MASK_PART) = 4 * T(MASK_BLOCKS) };

/* One call, shared by the threads that draw parts of its mask. */
typedef struct {
    uint8_t *mask;
    struct wg_reduction_plan plan; /* all axes, in row-major order */
    struct wg_draw draw;
    uint64_t bound;
} T(masking);

static void T(draw_mask)(int64_t first, int64_t last, void *context)
{
    const T(masking) *m = (const T(masking) *)context;
    int64_t offset[T(MASK_PART)];
    for (int64_t part = first; part < last; part++) {
        const int64_t at = part * T(MASK_PART), rest = m->plan.count - at, n = rest < T(MASK_PART) ? rest : T(MASK_PART);
        wg_reduced_offsets(&m->plan, at, n, offset);
        for (int64_t i = 0; i < n; i += 4) {
            uint32_t word[4];
            wg_draw_words(&m->draw, (at + i) / 4, word);
            for (int64_t k = 0; k < 4 && i + k < n; k++)
                m->mask[offset[i + k]] = word[k] >= m->bound;
        }
    }
}

static wg_status T(dropout)(const wg_call *c)
{
    const double p = *(const double *)c->params, scale = 1 / (1 - p);
    const wg_tensor *mask = c->out[1];
    T(masking) m;
    m.mask = (uint8_t *)(void *)mask->data;
    m.draw = wg_draw_blocks(c->in[1], (mask->numel + 3) / 4);
    m.bound = (uint64_t)llround(ldexp(p, 32));
    wg_plan_reduction(mask, mask, (1u << mask->rank) - 1, &m.plan);
    wg_parallel(wg_kernel_threads(8 * (double)mask->numel), (mask->numel + T(MASK_PART) - 1) / T(MASK_PART), T(draw_mask), &m);
    wg_tensor *const in[2] = {c->in[0], c->out[1]};
    wg_call scaling = *c;
    scaling.params = &scale;
    scaling.in = in;
    scaling.n_out = 1;
    return wg_map(&scaling, sizeof(ELEM), T(mask_scale_row));
}
#else
#define KERNEL_FILE "ops/random/dropout.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const double p = *(const double *)c->params;
    const wg_tensor *x = c->in[0];
    WG_TRY(wg_check_number(c->op->name, "p", p, WG_BELOW(0, 1)));
    if (x->dtype != WG_F32 && x->dtype != WG_F64)
        return wg_call_error(c, WG_E_DTYPE, "expected f32 or f64");
    WG_TRY(wg_draw_generator(c, c->in[1]));
    out[0].dtype = (wg_dtype)x->dtype;
    out[0].rank = x->rank;
    memcpy(out[0].extent, wg_extents(x), (size_t)x->rank * sizeof *out->extent);
    out[1] = out[0];
    out[1].dtype = WG_U8;
    return WG_OK;
}

wg_tensor *wg_dropout(wg_tensor *x, wg_tensor *generator, double p)
{
    return wg_invoke2(&wg_op_dropout, &p, x, generator);
}

static wg_tensor *kept(const wg_call *c, wg_tensor *g)
{
    return wg_mask_scale(g, c->out[1], 1 / (1 - *(const double *)c->params));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], kept(c, wg_donate(gy[0])));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    ty[1] = WG_NONE;
    return wg_made(ty[0] = kept(c, tx[0]));
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 1, 0, 0, 0);
}

#define DROP(p)                                                                                     \
    .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-1, 0}, .high = {1, 1000}, .params = &(const double) \
    {                                                                                               \
        p                                                                                           \
    }
const struct wg_op wg_op_dropout = {
    .name = WG_REGISTERED("dropout"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "p")),
    .n_in = 2,
    .n_out = 2,
    .shape = shape,
    .kernels = KERNELS(dropout),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(1),
    .inplace = WG_IN(0),
    .writes = WG_IN(1),
    .flags = WG_OP_RANDOM,
    WG_SAMPLES({"5x7", {WG_DIMS(5, 7), WG_DIMS(4)}, DROP(0.3)}, {"2x3x2", {WG_DIMS(2, 3, 2), WG_DIMS(4)}, DROP(0.5)},
               {"none", {WG_DIMS(3), WG_DIMS(4)}, DROP(0)}, {"one", {{.rank = 0}, WG_DIMS(4)}, DROP(0.5)},
               {"nothing", {WG_DIMS(0, 3), WG_DIMS(4)}, DROP(0.5)}),
};
#endif
