/* CPU time of ops that were once slow on one thread: reductions over a short last axis, softmax and its like of short rows, products aᵀb
   of many rows, masked attention, and what elu, expm1 and a cross entropy that ignores a label take with their gradients. op_times.py runs
   this program and measures PyTorch on the same ops beside it, whose time is the goal. */
#include <time.h>

#include "case.h"

/* What an op reads. x requires a gradient where the op is measured with it. */
struct operands {
    wg_tensor *x, *other, *labels, *mask;
};

#define OP(name, expression)                                \
    static wg_tensor *run_##name(const struct operands *in) \
    {                                                       \
        return expression;                                  \
    }
OP(sum, wg_sum(in->x, .axis = -1))
OP(mean, wg_mean(in->x, .axis = -1))
OP(max, wg_max(in->x, .axis = -1))
OP(prod, wg_prod(in->x, .axis = -1))
OP(logsumexp, wg_logsumexp(in->x, .axis = -1))
OP(argmax, wg_argmax(in->x, .axis = -1))
OP(argmin, wg_argmin(in->x, .axis = -1))
OP(any, wg_any(in->mask, .axis = -1))
OP(all, wg_all(in->mask, .axis = -1))
OP(cumsum, wg_cumsum(in->x, -1))
OP(softmax, wg_softmax(in->x))
OP(log_softmax, wg_log_softmax(in->x))
OP(cross_entropy, wg_cross_entropy(in->x, in->labels))
OP(transposed_product, wg_matmul(wg_permute(in->x, WG_AXES(1, 0)), in->other))
OP(attention, wg_attention(in->x, in->x, in->x))
OP(attention_masked, wg_attention(in->x, in->x, in->x, .mask = in->mask))
OP(prod_gradient, wg_grad(wg_sum(wg_prod(in->x, .axis = -1)), in->x))
OP(softmax_gradient, wg_grad(wg_softmax(in->x), in->x, .grad = in->other))
OP(log_softmax_gradient, wg_grad(wg_log_softmax(in->x), in->x, .grad = in->other))
OP(elu_gradient, wg_grad(wg_elu(in->x), in->x, .grad = in->other))
OP(expm1_gradient, wg_grad(wg_expm1(in->x), in->x, .grad = in->other))
OP(cross_entropy_gradient, wg_grad(wg_cross_entropy(in->x, in->labels), in->x))
OP(cross_entropy_ignore_gradient, wg_grad(wg_cross_entropy(in->x, in->labels, .ignore = 0), in->x))
#undef OP

struct measured {
    const char *name;
    wg_tensor *(*run)(const struct operands *);
    int64_t rows, columns; /* of x */
    int64_t others;        /* columns of the other operand, which has x's rows */
};

#define AS(name, ...)                  \
    {                                  \
#name, run_##name, __VA_ARGS__ \
    }
#define SHORT(name) AS(name, 10000, 25, 1), AS(name, 100000, 10, 1)
static const struct measured measured[] = {
    SHORT(sum),
    AS(sum, 10000, 32, 1),
    AS(sum, 10000, 200, 1),
    AS(sum, 2000000, 2, 1),
    SHORT(mean),
    SHORT(max),
    AS(max, 10000, 200, 1),
    SHORT(prod),
    SHORT(logsumexp),
    SHORT(argmax),
    AS(argmax, 100000, 1, 1),
    SHORT(argmin),
    AS(argmin, 100000, 1, 1),
    SHORT(any),
    AS(any, 100000, 1, 1),
    SHORT(all),
    AS(all, 100000, 1, 1),
    SHORT(cumsum),
    SHORT(softmax),
    AS(softmax, 10000, 32, 1),
    SHORT(log_softmax),
    AS(log_softmax, 10000, 32, 1),
    SHORT(cross_entropy),
    AS(transposed_product, 1000, 1000, 20),
    AS(transposed_product, 1000, 1000, 64),
    AS(transposed_product, 1000, 648, 20),
    AS(transposed_product, 1000, 648, 64),
    AS(attention, 32, 32, 1),
    AS(attention_masked, 32, 32, 1),
    SHORT(prod_gradient),
    AS(softmax_gradient, 10000, 25, 25),
    AS(log_softmax_gradient, 10000, 25, 25),
    AS(elu_gradient, 10000, 25, 25),
    AS(expm1_gradient, 10000, 25, 25),
    SHORT(cross_entropy_gradient),
    SHORT(cross_entropy_ignore_gradient),
};
#undef SHORT
#undef AS

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The least of at least 15 times, and of 50 ms; below 0 for a failure. */
static double seconds(const struct measured *m, const struct operands *in)
{
    double best = HUGE_VAL, all = 0;
    for (int round = 0; round < 15 || all < 0.05; round++) {
        WG_TAPE(tape);
        const double from = cpu_seconds();
        if (!m->run(in))
            return -1;
        const double took = cpu_seconds() - from;
        best = took < best ? took : best;
        all += took;
    }
    return best;
}

static bool measure(wg_tensor *generator, const struct measured *m, wg_dtype dtype)
{
    struct operands in = {
        .x = wg_normal(generator, dtype, WG_SHAPE(m->rows, m->columns), 0, 1),
        .other = wg_normal(generator, dtype, WG_SHAPE(m->rows, m->others), 0, 1),
        .labels = wg_zeros(WG_I64, WG_SHAPE(m->rows)),
        .mask = wg_zeros(WG_U8, WG_SHAPE(m->rows, m->columns)),
    };
    bool ok = in.x && in.other && in.labels && in.mask;
    for (int64_t i = 0; ok && i < m->rows; i++)
        ((int64_t *)wg_data_mut(in.labels))[i] = i % m->columns;
    for (int64_t i = 0; ok && i < m->rows * m->columns; i++)
        ((uint8_t *)wg_data_mut(in.mask))[i] = i % 3 != 0;
    ok = ok && (!strstr(m->name, "gradient") || wg_set_requires_grad(in.x, true));
    const double took = ok ? seconds(m, &in) : -1;
    if (took >= 0)
        printf("figure: %s %s %lld x %lld x %lld: %.1f us\n", m->name, dtype == WG_F64 ? "f64" : "f32", (long long)m->rows,
               (long long)m->columns, (long long)m->others, took * 1e6);
    wg_free(in.x), wg_free(in.other), wg_free(in.labels), wg_free(in.mask);
    return took >= 0;
}

/* usage: op_times [PART OF A NAME] */
int main(int argc, char **argv)
{
    (void)wg_set_threads(1);
    wg_tensor *generator = wg_generator(1, 0);
    bool ok = generator != NULL;
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
        if (argc < 2 || strstr(measured[i].name, argv[1]))
            ok = ok && measure(generator, &measured[i], WG_F64) && measure(generator, &measured[i], WG_F32);
    if (!ok)
        error_("op_times");
    wg_free(generator);
    return ok ? 0 : 1;
}
