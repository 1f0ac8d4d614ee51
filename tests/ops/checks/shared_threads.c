/* Rule 17: operands shared by threads are only read. Two threads apply every op that changes no operand to the same samples, and
   hold, keep, differentiate and checkpoint. The handles keep their bytes, and ThreadSanitizer finds no write to them. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "case.h"
#include "wengert/ops.h"
#include "wengert/runtime.h"

#ifdef __SANITIZE_THREAD__
/* OpenBLAS is not built for ThreadSanitizer, which does not see how its threads pass buffers to each other. */
__attribute__((visibility("default"))) const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:libopenblas\n";
}
#endif

enum { THREADS = 2 };

struct shared {
    const struct check_case *c;
    wg_tensor *in[WG_SAMPLE_MAX], *weights; /* weights: the first result's gradient, of its size */
    int float_result;                       /* the index of that result, or -1 */
};

struct visitor {
    const struct shared *shared;
    pthread_barrier_t *start;
    const char *failed; /* what failed, or NULL */
};

/* ---- the work of each thread ---- */

static wg_tensor *function(wg_tensor *const *x, size_t n, void *context)
{
    const struct shared *s = context;
    wg_tensor *out[MAX_RESULTS] = {NULL};
    (void)x, (void)n;
    if (wg_invoke(s->c->op, s->c->params, s->in, (size_t)s->c->n, out, s->c->op->n_out) != WG_OK)
        return NULL;
    return out[s->float_result];
}

static size_t leaves_of(const struct shared *s, wg_tensor **leaf)
{
    size_t n = 0;
    for (int i = 0; i < s->c->n; i++)
        if (operand_leaf(s->c, i))
            leaf[n++] = s->in[i];
    return n;
}

static const char *without_tape(const struct shared *s)
{
    wg_tensor *out[MAX_RESULTS] = {NULL};
    if (wg_invoke(s->c->op, s->c->params, s->in, (size_t)s->c->n, out, s->c->op->n_out) != WG_OK)
        return "apply";
    for (int i = 0; i < s->c->op->n_out; i++)
        wg_free(out[i]);
    for (int i = 0; i < s->c->n; i++) {
        if (s->c->in[i].none)
            continue;
        if (wg_hold(s->in[i]) != s->in[i] || wg_donate(s->in[i]) != s->in[i] || wg_own(s->in[i]) != s->in[i])
            return "hold, take, own";
        wg_drop(s->in[i]);
        wg_free(wg_keep(s->in[i]));
    }
    return NULL;
}

/* The gradient of a result with respect to itself is the given one, unchanged. */
static const char *gradients(const struct shared *s)
{
    wg_tensor *leaf[WG_SAMPLE_MAX], *g[WG_SAMPLE_MAX];
    const size_t n = leaves_of(s, leaf);
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        WG_TAPE(tape);
        wg_tensor *y = function(NULL, 0, (void *)(uintptr_t)s);
        if (!y || wg_grad_many(y, leaf, n, g, .create_graph = create_graph, .unused = WG_UNUSED_ZEROS, .grad = s->weights) != WG_OK)
            return "grad";
        wg_tensor *z = wg_reshape(y, wg_shape_of(y));
        if (!wg_grad(z, y, .create_graph = create_graph, .grad = s->weights))
            return "grad by an intermediate";
    }
    return NULL;
}

static const char *functions(const struct shared *s)
{
    wg_tensor *leaf[WG_SAMPLE_MAX], *g[WG_SAMPLE_MAX], *y, *ty;
    const size_t n = leaves_of(s, leaf);
    void *context = (void *)(uintptr_t)s;
    WG_TAPE(tape);
    if (wg_vjp(function, context, leaf, n, s->weights, &y, g) != WG_OK)
        return "vjp";
    if (wg_jvp(function, context, leaf, n, leaf, &y, &ty) != WG_OK)
        return "jvp";
    y = wg_checkpoint(function, context, leaf, n);
    if (!y || wg_grad_many(y, leaf, n, g, .unused = WG_UNUSED_ZEROS, .grad = s->weights) != WG_OK)
        return "checkpoint";
    return NULL;
}

static void *visit(void *context)
{
    struct visitor *v = context;
    wg_set_threads(1);
    pthread_barrier_wait(v->start);
    v->failed = without_tape(v->shared);
    if (!v->failed && v->shared->weights)
        v->failed = gradients(v->shared);
    if (!v->failed && v->shared->weights)
        v->failed = functions(v->shared);
    const wg_error *e = wg_error_first();
    if (v->failed)
        printf("# %s %s: %s: %s\n", v->shared->c->op->name, v->shared->c->name, v->failed, e ? e->message : "no error");
    return NULL;
}

/* ---- one sample ---- */

/* Makes weights if a result can be differentiated. */
static bool prepare(struct shared *s, const struct check_case *c)
{
    const struct run run = {.dtype = WG_F64};
    wg_tensor *out[MAX_RESULTS] = {NULL};
    *s = (struct shared){.c = c, .float_result = -1};
    if (!operands_make(c, &run, true, s->in))
        return false;
    WG_TAPE(tape);
    if (wg_invoke(c->op, c->params, s->in, (size_t)c->n, out, c->op->n_out) != WG_OK)
        return false;
    for (int i = 0; i < c->op->n_out && s->float_result < 0; i++)
        s->float_result = out[i]->flags & WG_T_NEEDS && (out[i]->from.node->call.op->vjp || c->op->compose) ? i : -1;
    if (s->float_result < 0)
        return true;
    wg_tensor *w = wg_ones(wg_dtype_of(out[s->float_result]), wg_shape_of(out[s->float_result]));
    s->weights = w ? wg_keep(w) : NULL;
    return s->weights != NULL;
}

static void check_sample(const struct check_case *c)
{
    struct shared s;
    wg_tensor before[WG_SAMPLE_MAX + 1];
    struct visitor visitor[THREADS];
    pthread_t thread[THREADS];
    pthread_barrier_t start;
    assert_true(prepare(&s, c));
    for (int i = 0; i < c->n; i++)
        before[i] = *s.in[i];
    if (s.weights)
        before[c->n] = *s.weights;
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        visitor[i] = (struct visitor){&s, &start, NULL};
        assert_int_equal(pthread_create(&thread[i], NULL, visit, &visitor[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_null(visitor[i].failed);
    }
    for (int i = 0; i < c->n; i++)
        assert_memory_equal(&before[i], s.in[i], sizeof before[i]);
    if (s.weights)
        assert_memory_equal(&before[c->n], s.weights, sizeof *before);
    wg_free(s.weights);
    operands_free(c, s.in);
    pthread_barrier_destroy(&start);
}

static void one_op(void **state)
{
    const struct wg_op *op = *state;
    for (int i = 0; i < op->n_samples; i++) {
        struct check_report report = {.op = op->name};
        struct check_case c;
        case_of_sample(&c, op, i, &report);
        check_sample(&c);
        case_free(&c);
    }
}

int main(void)
{
    const size_t all = wg_op_count();
    size_t n = 0;
    struct CMUnitTest *tests = calloc(all, sizeof *tests);
    if (!tests || wg_warmup(1) != WG_OK)
        return 2;
    for (size_t i = 0; i < all; i++)
        if (!wg_op_at(i)->writes)
            tests[n++] = (struct CMUnitTest){
                .name = wg_op_at(i)->name, .test_func = one_op, .initial_state = (void *)(uintptr_t)wg_op_at(i)};
    const int failed = _cmocka_run_group_tests("shared operands", tests, n, NULL, NULL);
    free(tests);
    return failed != 0;
}
