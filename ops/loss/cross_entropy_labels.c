/* The mean over rows of -log softmax(x)[row, label[row]], computed as log Σ e^{x_j - m} - (x_label - m) with the row's maximum
   m. The second output, p = softmax(x), is kept for the gradient. Losses are summed in f64; how the sum is split into parts
   depends only on the number of rows. For the order of the sum within a row see slices.h. */
#ifdef REAL
#include "ops/loss/slices.h"

enum { T(CE_PARTS) = 256 };

static REAL T(cross_entropy_row)(const ELEM *x, int64_t sx, ELEM *p, int64_t sp, int64_t n, int64_t label)
{
    const REAL largest = T(line_largest)(x, sx, n), sum = T(line_exps)(x, sx, p, sp, n, largest);
    for (int64_t j = 0; j < n; j++)
        p[j * sp] = (REAL)p[j * sp] / sum;
    return R(log)(sum) - ((REAL)x[label * sx] - largest);
}

/* cross_entropy_row for up to WG_REDUCE_WIDTH short rows at once. */
static void T(cross_entropy_slices)(const ELEM *x, const int64_t *sx, ELEM *p, const int64_t *sp, int64_t n, int64_t rows,
                                    const int64_t *label, int64_t s_label, REAL *loss)
{
    T(slice_block) e;
    REAL largest[WG_REDUCE_WIDTH], sum[WG_REDUCE_WIDTH];
    T(slices_load)(x, sx[1], sx[0], n, rows, e);
    T(slices_largest)(e, n, rows, largest);
    LANES_EACH(n, rows, e[i][k] = (REAL)e[i][k] - largest[k]);
    for (int64_t k = 0; k < rows; k++)
        loss[k] = e[label[k * s_label]][k];
    LANES_EACH(n, rows, e[i][k] = R(exp)((REAL)e[i][k]));
    LANES_SUM(sum, n, rows, (REAL)e[i][k]);
    LANES_EACH(n, rows, e[i][k] = (REAL)e[i][k] / sum[k]);
    T(slices_store)(e, n, rows, p, sp[1], sp[0]);
    for (int64_t k = 0; k < COLUMNS(rows); k++)
        sum[k] = R(log)(sum[k]);
    for (int64_t k = 0; k < rows; k++)
        loss[k] = sum[k] - loss[k];
}

static void T(cross_entropy_rows)(const ELEM *x, const int64_t *sx, ELEM *p, const int64_t *sp, int64_t n, int64_t rows,
                                  const int64_t *label, int64_t s_label, REAL *loss)
{
    if (n <= WG_REDUCE_SHORT)
        T(cross_entropy_slices)(x, sx, p, sp, n, rows, label, s_label, loss);
    else
        for (int64_t r = 0; r < rows; r++)
            loss[r] = T(cross_entropy_row)(x + r * sx[0], sx[1], p + r * sp[0], sp[1], n, label[r * s_label]);
}

/* One call's sum, shared by the threads that compute its parts. */
typedef struct {
    const wg_call *call;
    int64_t rows, part; /* total rows; rows of a part */
    WIDE sums[T(CE_PARTS)];
} T(cross_entropy_sum);

static void T(cross_entropy_parts)(int64_t first, int64_t last, void *context)
{
    T(cross_entropy_sum) *s = (T(cross_entropy_sum) *)context;
    const wg_tensor *logits = s->call->in[0], *labels = s->call->in[1], *softmax = s->call->out[1];
    const ELEM *x = (const ELEM *)(const void *)logits->data;
    const int64_t *label = (const int64_t *)(const void *)labels->data, *sx = wg_strides(logits), *sp = wg_strides(softmax);
    const int64_t n = wg_extents(logits)[1], s_label = wg_strides(labels)[0];
    ELEM *p = (ELEM *)(void *)softmax->data;
    for (int64_t k = first; k < last; k++) {
        WIDE sum = (WIDE)0;
        for (int64_t i = k * s->part; i < (k + 1) * s->part && i < s->rows; i += WG_REDUCE_WIDTH) {
            REAL loss[WG_REDUCE_WIDTH];
            const int64_t some = s->rows - i < WG_REDUCE_WIDTH ? s->rows - i : WG_REDUCE_WIDTH;
            T(cross_entropy_rows)(x + i * sx[0], sx, p + i * sp[0], sp, n, some, label + i * s_label, s_label, loss);
            for (int64_t r = 0; r < some; r++)
                sum = sum + (WIDE)loss[r];
        }
        s->sums[k] = sum;
    }
}

static wg_status T(cross_entropy_labels)(const wg_call *c)
{
    const wg_status status = wg_labels_check(c);
    if (status != WG_OK)
        return status;
    T(cross_entropy_sum) s;
    s.call = c;
    s.rows = wg_extents(c->in[0])[0];
    s.part = (s.rows + T(CE_PARTS) * WG_REDUCE_WIDTH - 1) / (T(CE_PARTS) * WG_REDUCE_WIDTH) * WG_REDUCE_WIDTH;
    const int64_t parts = s.part ? (s.rows + s.part - 1) / s.part : 0;
    wg_parallel(wg_kernel_threads(8 * (double)c->in[0]->numel), parts, T(cross_entropy_parts), &s);
    WIDE total = (WIDE)0;
    for (int64_t k = 0; k < parts; k++)
        total = total + s.sums[k];
    *(ELEM *)(void *)c->out[0]->data = (REAL)(total / (WIDE)s.rows);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/loss/cross_entropy_labels.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_labels_shape(c));
    out[0].dtype = out[1].dtype = (wg_dtype)c->in[0]->dtype;
    out[0].rank = 0;
    out[1].rank = 2;
    memcpy(out[1].extent, wg_extents(c->in[0]), 2 * sizeof *out[1].extent);
    return WG_OK;
}

wg_tensor *wg_cross_entropy_labels(wg_tensor *logits, wg_tensor *labels)
{
    return wg_invoke2(&wg_op_cross_entropy_labels, NULL, logits, labels);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *p = c->out[1], *labels = c->in[1];
    if (wg_absent(gy[1]))
        return WG_GIVE(gx[0], wg_cross_entropy_grad(p, labels, gy[0]));
    wg_tensor *by_p = wg_softmax_grad(p, gy[1], 1);
    return WG_GIVE(gx[0], wg_absent(gy[0]) ? by_p : wg_add(by_p, wg_cross_entropy_grad(p, labels, gy[0])));
}

/* The ops of the gradients serve here too: the loss's Jacobian is its gradient, and softmax's is symmetric. */
static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *p = c->out[1], *one = wg_scalar((wg_dtype)p->dtype, 1);
    WG_TRY(wg_made(ty[0] = wg_sum(wg_mul(wg_cross_entropy_grad(p, c->in[1], one), tx[0]))));
    return wg_made(ty[1] = wg_softmax_grad(p, tx[0], 1));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    const double n = (double)c->in[0]->numel, rows = (double)wg_extents(c->in[0])[0];
    const double part = WG_REDUCE_WIDTH * ceil(rows / (256 * WG_REDUCE_WIDTH)), parts = rows > 0 ? ceil(rows / part) : 0;
    cost.add = 2 * n + (wg_extents(c->in[0])[1] > WG_REDUCE_SHORT ? 2 : 1) * rows + parts; /* short rows already hold x_label - m */
    cost.div = n + 1;
    cost.compare = n - rows;
    cost.transcendental = n + rows;
    return cost;
}

const struct wg_op wg_op_cross_entropy_labels = {
    .name = WG_REGISTERED("cross_entropy_labels"),
    .n_in = 2,
    .n_out = 2,
    .shape = shape,
    .kernels = KERNELS(cross_entropy_labels),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(1) | WG_OUT(1),
    WG_SAMPLES({"4x5", {WG_DIMS(4, 5), WG_DIMS(4)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-3, 0}, .high = {3, 5}},
               {"one row", {WG_DIMS(1, 3), WG_DIMS(1)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-3, 0}, .high = {3, 3}},
               {"parts", {WG_DIMS(300, 2), WG_DIMS(300)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-3, 0}, .high = {3, 2}},
               {"rows of lanes", {WG_DIMS(3, 40), WG_DIMS(3)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-3, 0}, .high = {3, 40}},
               {"long rows", {WG_DIMS(3, 80), WG_DIMS(3)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-3, 0}, .high = {3, 80}}),
};
#endif
