/* A traced tape run again on new operands gives what a new recording on them gives: results, gradients and effects, bit by bit. */
#include <string.h>

#include "checks.h"

/* Writes the values of other operands into in's, element by element in row-major order. */
static wg_status rewrite(const struct check_case *c, wg_tensor *const *in, wg_tensor *const *other)
{
    for (int i = 0; i < c->n; i++)
        if (!c->in[i].none && c->in[i].shared < 0)
            WG_TRY(wg_write_raw(in[i], other[i]->data));
    return WG_OK;
}

static wg_status record_and_rerun(const struct check_case *c, const struct run *run, wg_tensor *const *in, wg_tensor *const *other,
                                  struct result *r)
{
    wg_tensor *out[MAX_RESULTS] = {NULL};
    WG_TAPE(tape, .trace = true);
    WG_TRY(wg_invoke(c->op, c->params, in, (size_t)c->n, out, c->op->n_out));
    if (run->way != NO_GRADIENT)
        WG_TRY(run_backward(c, run, in, out));
    WG_TRY(rewrite(c, in, other));
    WG_TRY(wg_tape_rerun(tape));
    for (int i = 0; i < c->op->n_out; i++)
        result_keep(r, out[i]);
    if (run->way != NO_GRADIENT)
        result_gradients(c, run, in, r);
    return WG_OK;
}

void check_rerun(const struct check_case *c, wg_dtype dtype, bool differentiable)
{
    struct result fresh, again;
    wg_tensor *in[WG_SAMPLE_MAX], *other[WG_SAMPLE_MAX];
    const struct run before = {.dtype = dtype, .way = differentiable ? GIVEN : NO_GRADIENT};
    struct run after = before;
    after.along = 0x1p-7;
    for (int i = 0; i < c->n; i++)
        after.moved |= operand_leaf(c, i) ? 1u << i : 0;
    run_op(c, &after, &fresh);
    memset(&again, 0, sizeof again);
    wg_error_take(NULL);
    operands_make(c, &before, differentiable, in);
    operands_make(c, &after, false, other);
    again.status = record_and_rerun(c, &before, in, other, &again);
    for (int i = 0; i < c->n && again.status == WG_OK; i++)
        if (operand_written(c, i) && !c->in[i].none)
            result_keep(&again, in[i]);
    operands_free(c, in);
    operands_free(c, other);
    wg_error_take(&again.error);
    if (fresh.status == WG_OK)
        compare_results(c, "rerun", wg_dtype_name(dtype), &again, &fresh, (struct tolerance){0});
    result_free(&fresh);
    result_free(&again);
}
