/* Misuse of the engine's functions: tensors, tapes, gradients, errors, randomness, runtime. */
#include <wengert/options.h>

#include "misuse.h"
#include "user_op.h"

#include "core/internal.h"

/* ---- base.h, error.h ---- */

static void misuse_names_and_texts(void)
{
    char text[16] = "xxxxxxxxxxxxxxx";
    assert_int_equal(wg_dtype_size((wg_dtype)99), 0);
    assert_string_equal(wg_dtype_name((wg_dtype)99), "?");
    assert_string_equal(wg_shape_text(WG_SHAPE(32, 10), text, sizeof text), "[32, 10]");
    assert_string_equal(wg_shape_text((wg_shape){.rank = -5}, text, sizeof text), "[]");
    wg_shape_text((wg_shape){.rank = 99}, text, sizeof text);
    assert_int_equal(strlen(text), sizeof text - 1); /* truncated */
    assert_string_equal(wg_shape_text(WG_SHAPE(1), NULL, 10), "");
    assert_string_equal(wg_shape_text(WG_SHAPE(1), text, 0), "");
    assert_string_equal(wg_status_text((wg_status)77), "unknown status");
    assert_string_equal(wg_status_name((wg_status)77), "unknown status");
    assert_string_equal(wg_status_name(WG_E_SHAPE), "WG_E_SHAPE");
}

static void count_errors(const wg_error *error, void *context)
{
    *(int *)context += error->code == WG_E_IO;
}

/* What a program prints of a failed step: the first message, its section, and the number of later errors. */
static void misuse_report(void)
{
    char text[100] = "";
    int seen = 0;
    wg_error_set_hook(count_errors, &seen);
    WG_TAPE(tape);
    assert_ok(wg_section_push("epoch"));
    wg_error_set(WG_E_IO, "op", "op: the first");
    wg_section_pop();
    wg_error_set(WG_E_IO, "op", "op: the second");
    wg_error_set_hook(NULL, NULL);
    assert_int_equal(seen, 2);
    FILE *stream = fmemopen(text, sizeof text, "w");
    assert_non_null(stream);
    assert_int_equal(wg_error_report(stream), 1);
    fclose(stream);
    assert_string_equal(text, "op: the first (in epoch) (and 1 later)\n");
    assert_null(wg_error_first());
}

static void misuse_error_record(void)
{
    assert_null(wg_error_first());
    assert_int_equal(wg_error_take(NULL), WG_OK);
    assert_int_equal(wg_error_report(NULL), 0);
    assert_int_equal(wg_error_if_null(&fx), WG_OK);
    assert_int_equal(wg_error_if_null(NULL), WG_E_NULL);
    assert_int_equal(wg_error_take(NULL), WG_E_NULL);
    (void)wg_error_set(WG_E_IO, "op", "op: the first");
    assert_int_equal(wg_error_if_null(NULL), WG_E_IO); /* the cause, which stays */
    assert_int_equal(wg_error_take(NULL), WG_E_IO);
    assert_int_equal(wg_error_set(WG_OK, NULL, NULL), WG_E_STATE); /* an error cannot be WG_OK */
    assert_int_equal(wg_error_set(WG_E_IO, "op", "second"), WG_E_IO);
    assert_int_equal(wg_error_first()->later, 1);
    assert_int_equal(wg_error_report(NULL), 1);
    misuse_report();
    wg_error_breakpoint();
}

/* ---- tensor.h ---- */

static void misuse_making(void)
{
    const float one = 1;
    assert_null_and_error(wg_from_bytes(NULL, WG_F32, WG_SHAPE(2)), WG_E_NULL, "from: ");
    assert_null_and_error(wg_from_bytes(&one, (wg_dtype)9, WG_SHAPE(1)), WG_E_DTYPE, "from: ");
    assert_null_and_error(wg_from(&one, WG_SHAPE(-1)), WG_E_SHAPE, "from: negative extent in [-1]");
    assert_null_and_error(wg_from(&one, (wg_shape){.rank = 9}), WG_E_SHAPE, "from: rank 9 is not in 0..8");
    assert_null_and_error(wg_from(&one, (wg_shape){.rank = -1}), WG_E_SHAPE, "from: rank -1");
    assert_null_and_error(wg_full(WG_F64, WG_SHAPE((int64_t)1 << 40, (int64_t)1 << 40), 1), WG_E_SHAPE, "full: ");
    assert_null_and_error(wg_full((wg_dtype)9, WG_SHAPE(1), 1), WG_E_DTYPE, "full: ");
    assert_null_and_error(wg_full(WG_I64, WG_SHAPE(1), 1e300), WG_E_ARGUMENT, "full: ");
    assert_null_and_error(wg_full(WG_U8, WG_SHAPE(1), -1), WG_E_ARGUMENT, "full: ");
    assert_null_and_error(wg_full(WG_U8, WG_SHAPE(1), (double)NAN), WG_E_ARGUMENT, "full: ");
    assert_null_and_error(wg_zeros(WG_F32, WG_SHAPE(INT64_MAX)), WG_E_SHAPE, ": ");
    assert_null_and_error(wg_ones((wg_dtype)-1, WG_SHAPE(1)), WG_E_DTYPE, ": ");
    assert_null_and_error(wg_scalar((wg_dtype)4, 1), WG_E_DTYPE, ": ");
    assert_int_equal(wg_numel(made(wg_zeros(WG_F32, WG_SHAPE(0, (int64_t)1 << 30)))), 0);
    assert_non_null(wg_from_bytes(NULL, WG_F32, WG_SHAPE(0)));
}

static void misuse_looking(void)
{
    float six[6];
    FOR_EACH_BAD(IS_NULL, {
        if (bad_ == IS_RELEASED) /* its shape may still be read */
            continue;
        assert_int_equal(wg_rank(bad), 0);
        expect_error(code, "rank: ");
        assert_int_equal(wg_extent(bad, 0), 0);
        expect_error(code, "extent: ");
        assert_int_equal(wg_stride(bad, 0), 0);
        expect_error(code, "stride: ");
        assert_int_equal(wg_numel(bad), 0);
        expect_error(code, "numel: ");
        assert_int_equal(wg_dtype_of(bad), WG_F32);
        expect_error(code, "dtype_of: ");
        assert_int_equal(wg_shape_of(bad).rank, 0);
        expect_error(code, "shape_of: ");
        assert_false(wg_is_contiguous(bad));
        expect_error(code, "is_contiguous: ");
        assert_false(wg_shares_memory(bad, bad));
        expect_error(code, "shares_memory: ");
        assert_string_equal(wg_name_of(bad), "");
        expect_error(code, "name_of: ");
    });
    REFUSED("data", wg_data(bad));
    REFUSED("data_mut", wg_data_mut(bad));
    FOR_EACH_BAD(IS_NULL, {
        assert_true(isnan(wg_item(bad)));
        expect_error(code, "item: ");
    });
    REFUSED_STATUS("read", wg_read(bad, six));
    REFUSED_STATUS("write", wg_write(bad, six));
    assert_int_equal(wg_extent(fx.x, 2), 0);
    expect_error(WG_E_ARGUMENT, "extent: there is no axis 2 in a tensor of rank 2");
    assert_int_equal(wg_stride(fx.x, -3), 0);
    expect_error(WG_E_ARGUMENT, "stride: there is no axis -3");
    assert_true(isnan(wg_item(fx.x)));
    expect_error(WG_E_SHAPE, "item: expected a tensor of one element, got [2, 3]");
    double doubles[6] = {0};
    long long longs[2] = {0};
    uint8_t bytes[6];
    assert_fails(wg_read(fx.x, doubles), WG_E_DTYPE,
                 "read: expected elements of type float, for the tensor is f32 [2, 3], got double");
    assert_fails(wg_write(fx.wide, six), WG_E_DTYPE,
                 "write: expected elements of type double, for the tensor is f64 [2, 3], got float");
    assert_fails(wg_read(fx.bytes, longs), WG_E_DTYPE, "got int64_t");
    assert_fails(wg_read(fx.labels, bytes), WG_E_DTYPE, "got uint8_t");
    assert_ok(wg_read(fx.labels, longs));
    assert_ok(wg_read(fx.bytes, bytes));
    assert_int_equal(longs[1], 1);
    assert_null_and_error(wg_data_as(fx.x, double), WG_E_DTYPE, "data: expected elements of type float");
    assert_null_and_error(wg_data_mut_as(fx.labels, float), WG_E_DTYPE, "data_mut: expected elements of type int64_t");
    assert_ptr_equal(wg_data_as(fx.x, float), wg_data(fx.x));
    assert_ptr_equal(wg_data_mut_as(fx.wide, double), wg_data(fx.wide));
    REFUSED_STATUS("read", wg_read_raw(bad, bytes));
    REFUSED_STATUS("write", wg_write_raw(bad, six));
    REFUSED("data", wg_data_as(bad, float));
    REFUSED("data_mut", wg_data_mut_as(bad, float));
    assert_fails(wg_read_typed(fx.x, doubles, (wg_dtype)9), WG_E_DTYPE, "no such type");
    assert_fails(wg_read(fx.x, (float *)NULL), WG_E_NULL, "read: ");
    assert_fails(wg_write(fx.x, (const float *)NULL), WG_E_NULL, "write: ");
    assert_fails(wg_write(made(wg_broadcast_to(fx.vector, WG_SHAPE(2, 3))), six), WG_E_ARGUMENT, "write: ");
}

static void misuse_printing(void)
{
    char text[8];
    FILE *small = fmemopen(text, sizeof text, "w");
    assert_non_null(small);
    REFUSED_STATUS("print", wg_print(bad, small));
    assert_int_equal(ftell(small), 0);
    assert_fails(wg_print(fx.x, NULL), WG_E_NULL, "print: the stream is NULL");
    assert_fails(wg_print(fx.x, small), WG_E_IO, "print: the stream could not be written");
    fclose(small);
}

static void misuse_owning(void)
{
    wg_free(NULL);
    wg_free(WG_NONE);
    assert_null(wg_error_first());
    wg_free(fx.bad[IS_RELEASED]);
    expect_error(WG_E_ARGUMENT, "free: the tensor belongs to a tape");
    if (may_try(IS_DANGLING)) {
        wg_free(fx.bad[IS_DANGLING]);
        expect_error(WG_E_DANGLING, "free: ");
    }
    REFUSED("keep", wg_keep(bad));
    REFUSED("own", wg_own(bad));
    REFUSED("adopt", wg_adopt(bad));
    wg_disown(NULL);
    wg_disown(WG_NONE);
    assert_int_equal(wg_owners(NULL) + wg_owners(WG_NONE) + wg_owners(fx.x), 0);
    assert_null(wg_error_first());
    wg_disown(fx.x);
    expect_error(WG_E_STATE, "disown: expected a tensor that an object has adopted");
    REFUSED("hold", wg_hold(bad));
    REFUSED("borrow", wg_borrow(bad));
    FOR_EACH_BAD(IS_NULL, assert_false(wg_is_live(bad)); (void)code);
    wg_borrow_end(NULL);
    wg_borrow_end(WG_NONE);
    REFUSED_STATUS("set_name", wg_set_name(bad, "x"));
    assert_fails(wg_set_name(fx.x, NULL), WG_E_NULL, "set_name: ");
    wg_drop(NULL);
    wg_drop(WG_NONE);
    wg_drop(fx.bad[IS_RELEASED]);
    wg_drop(fx.x);
    assert_null(wg_error_first());
    wg_drop(fx.bad[IS_FOREIGN]);
    expect_error(WG_E_THREAD, "drop: ");
    assert_null(wg_donate(NULL));
    assert_ptr_equal(wg_donate(fx.x), fx.x);
    assert_ptr_equal(wg_donate(WG_NONE), WG_NONE);
    assert_ptr_equal(wg_donate(fx.bad[IS_FOREIGN]), fx.bad[IS_FOREIGN]);
    assert_false(fx.bad[IS_FOREIGN]->flags & WG_T_DONATED);
}

static void misuse_leaf(void)
{
    REFUSED("set_requires_grad", wg_set_requires_grad(bad, true));
    assert_null_and_error(wg_set_requires_grad(fx.labels, true), WG_E_DTYPE, "set_requires_grad: i64");
    assert_null_and_error(wg_set_requires_grad(made(wg_mul(fx.x, fx.y)), false), WG_E_STATE, "set_requires_grad: ");
    assert_false(wg_requires_grad(NULL));
    expect_error(WG_E_NULL, "requires_grad: ");
    assert_false(wg_requires_grad(WG_NONE));
    assert_null(wg_error_first());
    FOR_EACH_BAD(IS_NULL, {
        if (bad_ == IS_RELEASED)
            continue;
        assert_null_and_error(wg_gradient(bad), code, "gradient: ");
    });
    wg_clear_gradient(NULL);
    wg_clear_gradient(fx.y);
    assert_null(wg_error_first());
    REFUSED_STATUS("add_gradient", wg_add_gradient(bad, fx.y));
    REFUSED_STATUS("add_gradient", wg_add_gradient(fx.x, bad));
    assert_fails(wg_add_gradient(fx.y, fx.y), WG_E_ARGUMENT, "add_gradient: ");
    assert_fails(wg_add_gradient(fx.x, fx.odd), WG_E_SHAPE, "add_gradient: leaf f32 [2, 3], gradient f32 [5, 7]");
    assert_fails(wg_add_gradient(fx.x, fx.wide), WG_E_DTYPE, "add_gradient: leaf f32 [2, 3], gradient f64 [2, 3]");
}

/* ---- tape.h ---- */

static wg_status succeed(void *context)
{
    (void)context;
    return WG_OK;
}

static wg_status leave_tape(void *context)
{
    (void)context;
    return wg_tape_open() ? WG_OK : WG_E_MEMORY;
}

static void misuse_tape(void)
{
    wg_tape *const tape = wg_tape_top(), *const other = foreign.t->tape;
    assert_int_equal(wg_tape_close(NULL), WG_OK); /* like wg_free(NULL) */
    assert_fails(wg_tape_close(other), WG_E_THREAD, "tape_close: ");
    wg_tape_open();
    assert_fails(wg_tape_close(tape), WG_E_STATE, "tape_close: ");
    assert_ok(wg_tape_close(wg_tape_top()));
    assert_fails(wg_callback_run(NULL, "a function", NULL, succeed, NULL), WG_E_NULL, "callback_run: ");
    assert_fails(wg_callback_run("test", NULL, NULL, succeed, NULL), WG_E_NULL, "callback_run: ");
    assert_fails(wg_callback_run("test", "a function", NULL, NULL, NULL), WG_E_NULL, "callback_run: ");
    assert_fails(wg_callback_run("test", "a function", NULL, leave_tape, NULL), WG_E_STATE, "test: a function left a tape open");
    assert_ok(wg_callback_run("test", "a function", NULL, succeed, NULL));
    wg_tape_leave(NULL);
    wg_tape_leave(&(wg_tape *){NULL});
    assert_int_equal(wg_tape_nodes(NULL), 0);
    expect_error(WG_E_NULL, "tape_nodes: the tape is NULL");
    assert_fails(wg_tape_rerun(NULL), WG_E_NULL, "tape_rerun: ");
    assert_fails(wg_tape_rerun(other), WG_E_STATE, "tape_rerun: ");
    assert_fails(wg_tape_rerun(tape), WG_E_STATE, "tape_rerun: ");
    wg_grad_mode_leave(NULL);
    wg_train_mode_leave(NULL);
    assert_true(wg_grad_mode() && wg_train_mode());
    assert_fails(wg_section_push(NULL), WG_E_NULL, "section_push: ");
    wg_section_pop(); /* nothing was pushed */
}

static wg_tensor *same(wg_tensor *gradient, void *context)
{
    (void)context;
    return gradient;
}

static void misuse_gradients(void)
{
    wg_tensor *loss = made(wg_sum(fx.x)), *y = made(wg_mul(fx.x, fx.y)), *gx[2] = {NULL, NULL};
    REFUSED_STATUS("backward", wg_backward(bad));
    REFUSED_STATUS("backward", wg_backward_many(&bad, NULL, 1, false));
    REFUSED_STATUS_BUT_NONE("backward", wg_backward(y, .grad = bad));
    assert_fails(wg_backward_many(NULL, NULL, 1, false), WG_E_NULL, "backward: ");
    assert_fails(wg_backward_many(&y, NULL, 0, false), WG_E_NULL, "backward: ");
    assert_fails(wg_backward(y), WG_E_SHAPE, "backward: a root of [2, 3]");
    assert_fails(wg_backward(y, .grad = fx.odd), WG_E_SHAPE, "backward: the given gradient is f32 [5, 7], the root f32 [2, 3]");
    assert_fails(wg_backward(y, .grad = fx.wide), WG_E_DTYPE, "backward: the given gradient is f64 [2, 3], the root f32 [2, 3]");
    assert_fails(wg_backward(fx.y), WG_E_NO_TAPE, "backward: ");
    assert_fails(wg_backward(made(wg_sum(fx.y))), WG_E_NO_GRAD, "backward: ");
    REFUSED("grad", wg_grad(bad, fx.x));
    REFUSED("grad", wg_grad(loss, bad));
    REFUSED_BUT_NONE("grad", wg_grad(y, fx.x, .grad = bad));
    assert_null_and_error(wg_grad(y, fx.x, .grad = fx.odd), WG_E_SHAPE, "grad: the given gradient is f32 [5, 7]");
    assert_null_and_error(wg_grad(loss, fx.y), WG_E_NO_GRAD, "grad: ");
    wg_tensor *both[2] = {fx.x, fx.y}, *two[2];
    assert_fails(wg_grad_many(loss, both, 2, two), WG_E_NO_GRAD, "grad: operand 2 requires no gradient");
    assert_fails(wg_grad_many(loss, NULL, 1, gx), WG_E_NULL, "grad: ");
    assert_fails(wg_grad_many(loss, &fx.x, 0, gx), WG_E_NULL, "grad: ");
    assert_fails(wg_grad_many(loss, &fx.x, 1, NULL), WG_E_NULL, "grad: ");
    REFUSED_STATUS("add_hook", wg_add_hook(bad, same, NULL));
    assert_fails(wg_add_hook(fx.x, NULL, NULL), WG_E_NULL, "add_hook: ");
    assert_fails(wg_add_hook(fx.y, same, NULL), WG_E_NO_GRAD, "add_hook: ");
    assert_ok(wg_backward(loss)); /* still works */
    wg_clear_gradient(fx.x);
}

static void misuse_update(void)
{
    wg_update_cancel();
    assert_fails(wg_update_commit(), WG_E_STATE, "update_commit: ");
    assert_ok(wg_update_begin());
    assert_fails(wg_update_begin(), WG_E_STATE, "update_begin: ");
    assert_fails(wg_backward(made(wg_sum(fx.x))), WG_E_STATE, "backward: ");
    assert_int_equal(wg_update_commit(), WG_E_STATE); /* an error occurred inside */
    wg_memory_trim();
    wg_memory_fail(0, true);
    const bool lost = !wg_tape_open();
    wg_memory_fail(-1, false);
    assert_true(lost);
    wg_error_take(NULL);
    assert_fails(wg_update_begin(), WG_E_MEMORY, "update_begin: the tape around this could not be opened");
    wg_tape_close(NULL);
    assert_ok(wg_update_begin());
    assert_ok(wg_update_commit());
}

/* ---- replay.h ---- */

static wg_status never_run(void *context)
{
    (void)context;
    fail_msg("a step was run under an open tape");
    return WG_OK;
}

static void misuse_replay(void)
{
    assert_null(wg_replay_capture(NULL, NULL));
    expect_error(WG_E_NULL, "replay_capture: the step is NULL");
    assert_null(wg_replay_capture(never_run, NULL));
    expect_error(WG_E_STATE, "replay_capture: a tape or an update is open");
    assert_fails(wg_evaluate(NULL, NULL), WG_E_NULL, "evaluate: the step is NULL");
    assert_fails(wg_evaluate(never_run, NULL), WG_E_STATE, "a tape or an update is open");
    wg_update *update = NULL;
    assert_fails(wg_update_run(NULL, never_run, NULL, NULL, 0), WG_E_NULL, "update_run: the update is NULL");
    assert_fails(wg_update_run(&update, NULL, NULL, NULL, 0), WG_E_NULL, "update_run: the step is NULL");
    assert_fails(wg_update_run(&update, never_run, NULL, NULL, 1), WG_E_NULL, "update_run: the list of inputs is NULL");
    FOR_EACH_BAD(IS_NULL, assert_fails(wg_update_run(&update, never_run, NULL, &bad, 1), code, "update_run: "));
    assert_null(update);
    wg_update_destroy(NULL);
    assert_fails(wg_replay_run(NULL), WG_E_NULL, "replay_run: ");
    assert_fails(wg_replay_bind(NULL, fx.x, fx.x), WG_E_NULL, "replay_bind: ");
    assert_true(wg_replay_inspect(NULL).logged == 0);
    expect_error(WG_E_NULL, "replay_inspect: the replay is NULL");
    wg_replay_destroy(NULL);
}

/* ---- op.h ---- */

static wg_status out_of_nowhere(const wg_call *c, wg_spec *out)
{
    (void)c;
    out->dtype = (wg_dtype)12;
    out->rank = 40;
    return WG_OK;
}

static void misuse_op(void)
{
    const struct wg_op *op = times_op();
    struct wg_op broken = *op;
    wg_tensor *in[2] = {fx.wide, fx.wide}, *out[3] = {NULL, NULL, NULL};
    assert_fails(wg_invoke(NULL, NULL, in, 2, out, 1), WG_E_NULL, "invoke: ");
    assert_fails(wg_invoke(op, NULL, NULL, 2, out, 1), WG_E_NULL, "invoke: ");
    assert_fails(wg_invoke(op, NULL, in, 2, NULL, 1), WG_E_NULL, "invoke: ");
    assert_fails(wg_invoke(op, NULL, in, 1, out, 1), WG_E_ARGUMENT, "times: ");
    assert_fails(wg_invoke(op, NULL, in, 2, out, 2), WG_E_ARGUMENT, "times: ");
    assert_null_and_error(wg_invoke1(NULL, NULL, fx.wide), WG_E_NULL, "invoke: ");
    assert_null_and_error(wg_invoke2(NULL, NULL, fx.wide, fx.wide), WG_E_NULL, "invoke: ");
    assert_null_and_error(wg_invoke3(NULL, NULL, fx.wide, fx.wide, fx.wide), WG_E_NULL, "invoke: ");
    REFUSED("times", wg_invoke2(op, NULL, bad, fx.wide));
    REFUSED("times", wg_invoke2(op, NULL, fx.wide, bad));
    broken.kernels[0].run[WG_F64] = NULL;
    assert_int_not_equal(wg_invoke(&broken, NULL, in, 2, out, 1), WG_OK);
    expect_error(wg_error_first()->code, "times: ");
    broken = *op;
    broken.params_size = 8;
    assert_fails(wg_invoke(&broken, NULL, in, 2, out, 1), WG_E_NULL, ": ");
    broken = *op;
    broken.n_out = 200;
    assert_fails(wg_invoke(&broken, NULL, in, 2, out, 1), WG_E_ARGUMENT, "times: ");
    broken = *op;
    broken.shape = out_of_nowhere;
    assert_int_not_equal(wg_invoke(&broken, NULL, in, 2, out, 1), WG_OK);
    expect_error(wg_error_first()->code, "times: ");
    assert_null(out[0]);
    assert_null(wg_op_at(wg_op_count()));
    assert_null(wg_op_at(SIZE_MAX));
}

static void misuse_for_rules(void)
{
    wg_grad_slot slot = {.need = true};
    wg_spec spec;
    wg_dtype dtype;
    assert_fails(wg_give(NULL, fx.x), WG_E_NULL, "give: ");
    assert_int_equal(wg_give(&slot, NULL), WG_E_NULL);
    assert_null(slot.result);
    wg_error_take(NULL);
    assert_fails(wg_broadcast_shapes(NULL, &spec), WG_E_NULL, ": ");
    assert_fails(wg_same_float(NULL, &dtype), WG_E_NULL, ": ");
    assert_fails(wg_call_error(NULL, WG_E_SHAPE, "text"), WG_E_SHAPE, "text");
}

static wg_status nothing(const wg_call *c)
{
    (void)c;
    return WG_OK;
}

static void misuse_closure(void)
{
    wg_closure closure = {.name = "none", .forward = nothing, .dtype = WG_F32, .shape = WG_SHAPE(1)};
    assert_null_and_error(wg_closure_apply(NULL, &fx.x, 1), WG_E_NULL, "closure_apply: ");
    assert_null_and_error(wg_closure_apply(&closure, NULL, 1), WG_E_NULL, "closure_apply: ");
    REFUSED_BUT_NONE("none", wg_closure_apply(&closure, &bad, 1));
    closure.dtype = (wg_dtype)50;
    assert_null_and_error(wg_closure_apply(&closure, &fx.x, 1), WG_E_DTYPE, "none: ");
    closure.dtype = WG_F32;
    closure.shape = WG_SHAPE(-1);
    assert_null_and_error(wg_closure_apply(&closure, &fx.x, 1), WG_E_SHAPE, "none: ");
    closure.name = NULL;
    assert_null_and_error(wg_closure_apply(&closure, &fx.x, 1), WG_E_NULL, "closure_apply: ");
    const bool before = wg_check_mode_set(false);
    assert_false(before);
}

/* ---- random.h, runtime.h, dump.h, graph.h ---- */

static void misuse_machine(void)
{
    assert_non_null(wg_generator_default());
    wg_tensor *generator = made(wg_generator(UINT64_MAX, UINT64_MAX));
    wg_free(generator);
    assert_ok(wg_seed(0, 0));
    REFUSED("generator_split", wg_generator_split(bad, 0));
    assert_null_and_error(wg_generator_split(fx.x, 0), WG_E_DTYPE, "generator_split: expected a generator");
    assert_null_and_error(wg_generator_split(fx.labels, 0), WG_E_SHAPE, "generator_split: expected a generator");
    assert_fails(wg_set_threads(-1), WG_E_ARGUMENT, "set_threads: ");
    assert_fails(wg_warmup(0), WG_E_ARGUMENT, ": ");
    assert_true(wg_threads() > 0);
    assert_ok(wg_flush_denormals(false));
    assert_false(wg_flushes_denormals());
    wg_memory_fail(-5, true);
    wg_memory_trim();
    assert_true(wg_memory_requests() >= 0 && wg_memory_now().live > 0);
    assert_non_null(wg_version());
    assert_non_null(wg_kernel_family());
    assert_non_null(wg_instruction_set());
    assert_non_null(wg_product_engine());
    assert_non_null(wg_feature_at(0));
    assert_null(wg_feature_at(SIZE_MAX));
}

static void misuse_dump(void)
{
    assert_fails(wg_dump_dot(NULL, stdout), WG_E_NULL, "dump_dot: ");
    assert_fails(wg_dump_dot(wg_tape_top(), NULL), WG_E_NULL, "dump_dot: ");
    FILE *full = fopen("/dev/full", "w");
    if (full) {
        setvbuf(full, NULL, _IONBF, 0);
        assert_fails(wg_dump_dot(wg_tape_top(), full), WG_E_IO, "dump_dot: ");
        fclose(full);
    }
}

static void misuse_graph(void)
{
    assert_null_and_error(wg_graph_of(NULL), WG_E_NULL, "graph_of: ");
    assert_null_and_error(wg_graph_of((wg_tape *)((char *)wg_tape_top() + 64)), WG_E_DANGLING, "graph_of: ");
    wg_graph_destroy(NULL);
    wg_graph *graph = wg_graph_of(wg_tape_top());
    assert_non_null(graph);
    assert_null_and_error(wg_graph_collapse(NULL), WG_E_NULL, "graph_collapse: ");
    assert_fails(wg_graph_write_dot(NULL, stdout), WG_E_NULL, "graph_write_dot: ");
    assert_fails(wg_graph_write_dot(graph, NULL), WG_E_NULL, "graph_write_dot: ");
    assert_fails(wg_graph_write_gates(NULL, stdout), WG_E_NULL, "graph_write_gates: ");
    assert_fails(wg_graph_write_gates(graph, NULL), WG_E_NULL, "graph_write_gates: ");
    assert_fails(wg_graph_write_json(graph, NULL), WG_E_NULL, "graph_write_json: ");
    assert_fails(wg_dump_json(wg_tape_top(), NULL), WG_E_NULL, "dump_json: ");
    assert_null_and_error(wg_graph_read_json(NULL), WG_E_NULL, "graph_read_json: ");
    assert_null_and_error(wg_graph_diff(graph, NULL), WG_E_NULL, "graph_diff: ");
    assert_fails(wg_graph_changes_print(NULL, graph, graph, stdout), WG_E_NULL, "graph_changes_print: ");
    wg_graph_changes_destroy(NULL);
    wg_graph_destroy(graph);
}

static void misuse_find_between(void)
{
    const char *const names[] = {"relu", NULL}, *found = "x";
    wg_tensor *y = made(wg_relu(fx.x));
    FOR_EACH_BAD(IS_NULL, assert_fails(wg_graph_find_between(bad, y, names, 1, &found), code, "graph_find_between: "));
    assert_null(found);
    FOR_EACH_BAD(IS_NULL, assert_fails(wg_graph_find_between(fx.x, bad, names, 1, &found), code, "graph_find_between: "));
    assert_fails(wg_graph_find_between(fx.x, y, NULL, 1, &found), WG_E_NULL, "graph_find_between: ");
    assert_fails(wg_graph_find_between(fx.x, y, names, 1, NULL), WG_E_NULL, "graph_find_between: ");
    assert_fails(wg_graph_find_between(fx.x, y, names, 2, &found), WG_E_NULL, "graph_find_between: the name of op 1 is NULL");
    assert_ok(wg_graph_find_between(fx.x, y, NULL, 0, &found));
}

static void misuse_lifetime(void)
{
    wg_lifetime_peak peak;
    assert_fails(wg_lifetime_peak_of(NULL, &peak), WG_E_NULL, "lifetime_peak_of: ");
    assert_null_and_error(wg_lifetime_end(), WG_E_STATE, "lifetime_end: ");
    assert_ok(wg_lifetime_begin());
    assert_fails(wg_lifetime_begin(), WG_E_STATE, "lifetime_begin: ");
    wg_lifetime *lifetime = wg_lifetime_end();
    assert_non_null(lifetime);
    assert_fails(wg_lifetime_peak_of(lifetime, NULL), WG_E_NULL, "lifetime_peak_of: ");
    assert_fails(wg_lifetime_write_svg(NULL, stdout), WG_E_NULL, "lifetime_write_svg: ");
    assert_fails(wg_lifetime_write_svg(lifetime, NULL), WG_E_NULL, "lifetime_write_svg: ");
    assert_fails(wg_lifetime_write_svg(lifetime, stdout, .title = NULL), WG_E_NULL, "lifetime_write_svg: ");
    assert_fails(wg_lifetime_write_svg(lifetime, stdout, .rows = 0), WG_E_ARGUMENT,
                 "lifetime_write_svg: expected .rows in 1..500, got 0");
    assert_fails(wg_lifetime_write_svg(lifetime, stdout, .colour = (wg_lifetime_colour)7), WG_E_ARGUMENT, "lifetime_write_svg: ");
    wg_lifetime_destroy(lifetime);
    wg_lifetime_destroy(NULL);
    assert_string_equal(wg_lifetime_reason_name((wg_lifetime_end_reason)-1), "?");
}

static void misuse_chain(void)
{
    wg_chain_stage stage[2] = {{.forward = 1, .result = 8, .kept = 8}, {.forward = 1}};
    size_t n;
    assert_ok(wg_lifetime_begin());
    wg_lifetime *lifetime = wg_lifetime_end();
    assert_non_null(lifetime);
    assert_fails(wg_chain_of(NULL, 0, stage, &n), WG_E_NULL, "chain_of: ");
    assert_fails(wg_chain_of(lifetime, 0, NULL, &n), WG_E_NULL, "chain_of: ");
    assert_fails(wg_chain_of(lifetime, 0, stage, NULL), WG_E_NULL, "chain_of: ");
    assert_fails(wg_chain_of(lifetime, 1, stage, &n), WG_E_ARGUMENT, "chain_of: expected a section below 1, got 1");
    assert_fails(wg_chain_of(lifetime, 0, stage, &n), WG_E_ARGUMENT, "chain_of: no backward pass");
    wg_lifetime_destroy(lifetime);
    assert_null_and_error(wg_chain_plan_for(NULL, 2, 0), WG_E_NULL, "chain_plan_for: ");
    assert_null_and_error(wg_chain_plan_for(stage, 0, 0), WG_E_ARGUMENT, "chain_plan_for: expected 1..64 stages");
    assert_null_and_error(wg_chain_plan_for(stage, 65, 0), WG_E_ARGUMENT, "chain_plan_for: expected 1..64 stages");
    assert_null_and_error(wg_chain_plan_for(stage, 2, -1), WG_E_ARGUMENT, "chain_plan_for: ");
    assert_null_and_error(wg_chain_plan_for(stage, 2, 1), WG_E_ARGUMENT,
                          "chain_plan_for: no plan keeps to 1 bytes: at least 8 are needed");
    stage[1].kept = -1;
    assert_null_and_error(wg_chain_plan_for(stage, 2, 0), WG_E_ARGUMENT, "chain_plan_for: stage 1: ");
    wg_chain_plan_destroy(NULL);
}

static void misuse_trace(void)
{
    assert_fails(wg_trace_begin(NULL), WG_E_NULL, "trace_begin: ");
    assert_fails(wg_trace_begin(stdout, .thread = NULL), WG_E_NULL, "trace_begin: ");
    assert_fails(wg_trace_end(), WG_E_STATE, "trace_end: ");
    FILE *stream = tmpfile();
    assert_non_null(stream);
    assert_ok(wg_trace_begin(stream));
    assert_fails(wg_trace_begin(stream), WG_E_STATE, "trace_begin: ");
    assert_ok(wg_trace_end());
    assert_int_equal(fclose(stream), 0);
}

static void misuse_cost(void)
{
    assert_null_and_error(wg_cost_of(NULL), WG_E_NULL, "cost_of: ");
    wg_tape *tape = wg_tape_top();
    assert_null_and_error(wg_cost_of((wg_tape *)((char *)tape + 64)), WG_E_DANGLING, "cost_of: ");
    wg_cost_destroy(NULL);
    assert_null_and_error(wg_graph_costs(NULL), WG_E_NULL, "graph_costs: ");
    assert_fails(wg_cost_print(NULL, stdout), WG_E_NULL, "cost_print: ");
    wg_cost_table *table = wg_cost_of(tape);
    assert_fails(wg_cost_print(table, NULL), WG_E_NULL, "cost_print: ");
    const wg_cost sum = wg_cost_add((wg_cost){.add = 1, .bytes_read = 2}, (wg_cost){.add = 3, .div = 4});
    assert_true(sum.add == 4 && sum.div == 4 && sum.bytes_read == 2);
    assert_true(wg_cost_operations(sum) == 8);
    assert_true(isnan(wg_cost_gradient_ratio(NULL, 0)));
    assert_true(isnan(wg_cost_gradient_ratio(table, SIZE_MAX)));
    wg_cost_destroy(table);
    assert_null(wg_error_first());
}

static void misuse_options(void)
{
    struct rate {
        double rate;
    } rate = {1};
    static const wg_option option[] = {WG_OPTION_REAL_OF(struct rate, rate, 1, "a rate", WG_BETWEEN(0, 1))};
    const wg_option_table options = {option, 1, sizeof rate};
    char text[8] = "x";
    double value;
    assert_fails(wg_options_check(options, NULL, "op"), WG_E_NULL, "op: ");
    assert_fails(wg_options_set(options, NULL, "rate", 1, "op"), WG_E_NULL, "op: ");
    assert_fails(wg_options_set(options, &rate, NULL, 1, "op"), WG_E_NULL, "op: ");
    assert_fails(wg_options_set(options, &rate, "rat", 1, "op"), WG_E_ARGUMENT, "the options are rate");
    assert_fails(wg_options_set(options, &rate, "rate", 2, "op"), WG_E_ARGUMENT, "op: expected rate in [0, 1], got 2");
    assert_fails(wg_options_get(options, NULL, "rate", &value, "op"), WG_E_NULL, "op: ");
    assert_fails(wg_options_get(options, &rate, "rate", NULL, "op"), WG_E_NULL, "op: ");
    wg_options_text(options, &rate, true, text, 0);
    assert_fails(wg_options_parse(options, NULL, "", "make"), WG_E_NULL, "make: the options are NULL");
    wg_options_reset(options, NULL);
    assert_string_equal(text, "x");
}

static const struct misuse table[] = {
    {"wg_options_check", misuse_options},
    {"wg_options_set", misuse_options},
    {"wg_options_get", misuse_options},
    {"wg_options_text", misuse_options},
    {"wg_options_parse", misuse_options},
    {"wg_options_reset", misuse_options},
    {"wg_dtype_size", misuse_names_and_texts},
    {"wg_dtype_name", misuse_names_and_texts},
    {"wg_shape_text", misuse_names_and_texts},
    {"wg_status_text", misuse_names_and_texts},
    {"wg_status_name", misuse_names_and_texts},
    {"wg_error_first", misuse_error_record},
    {"wg_error_take", misuse_error_record},
    {"wg_error_set", misuse_error_record},
    {"wg_error_if_null", misuse_error_record},
    {"wg_error_report", misuse_error_record},
    {"wg_error_set_hook", misuse_error_record},
    {"wg_error_breakpoint", misuse_error_record},
    {"wg_from_bytes", misuse_making},
    {"wg_full", misuse_making},
    {"wg_zeros", misuse_making},
    {"wg_ones", misuse_making},
    {"wg_scalar", misuse_making},
    {"wg_rank", misuse_looking},
    {"wg_extent", misuse_looking},
    {"wg_stride", misuse_looking},
    {"wg_numel", misuse_looking},
    {"wg_dtype_of", misuse_looking},
    {"wg_shape_of", misuse_looking},
    {"wg_is_contiguous", misuse_looking},
    {"wg_shares_memory", misuse_looking},
    {"wg_data", misuse_looking},
    {"wg_data_mut", misuse_looking},
    {"wg_item", misuse_looking},
    {"wg_read_raw", misuse_looking},
    {"wg_read_typed", misuse_looking},
    {"wg_write_raw", misuse_looking},
    {"wg_write_typed", misuse_looking},
    {"wg_data_typed", misuse_looking},
    {"wg_data_mut_typed", misuse_looking},
    {"wg_name_of", misuse_looking},
    {"wg_none_", misuse_looking},
    {"wg_print", misuse_printing},
    {"wg_free", misuse_owning},
    {"wg_keep", misuse_owning},
    {"wg_own", misuse_owning},
    {"wg_adopt", misuse_owning},
    {"wg_disown", misuse_owning},
    {"wg_owners", misuse_owning},
    {"wg_drop", misuse_owning},
    {"wg_hold", misuse_owning},
    {"wg_borrow", misuse_owning},
    {"wg_borrow_end", misuse_owning},
    {"wg_is_live", misuse_owning},
    {"wg_donate", misuse_owning},
    {"wg_set_name", misuse_owning},
    {"wg_set_requires_grad", misuse_leaf},
    {"wg_requires_grad", misuse_leaf},
    {"wg_gradient", misuse_leaf},
    {"wg_clear_gradient", misuse_leaf},
    {"wg_add_gradient", misuse_leaf},
    {"wg_tape_open_with", misuse_tape},
    {"wg_tape_close", misuse_tape},
    {"wg_tape_leave", misuse_tape},
    {"wg_tape_top", misuse_tape},
    {"wg_callback_run", misuse_tape},
    {"wg_tape_nodes", misuse_tape},
    {"wg_tape_rerun", misuse_tape},
    {"wg_grad_mode", misuse_tape},
    {"wg_grad_mode_set", misuse_tape},
    {"wg_grad_mode_leave", misuse_tape},
    {"wg_train_mode", misuse_tape},
    {"wg_train_mode_set", misuse_tape},
    {"wg_train_mode_leave", misuse_tape},
    {"wg_section_push_with", misuse_tape},
    {"wg_section_pop", misuse_tape},
    {"wg_backward_with", misuse_gradients},
    {"wg_backward_many", misuse_gradients},
    {"wg_grad_with", misuse_gradients},
    {"wg_grad_many_with", misuse_gradients},
    {"wg_add_hook", misuse_gradients},
    {"wg_update_begin", misuse_update},
    {"wg_update_commit", misuse_update},
    {"wg_update_cancel", misuse_update},
    {"wg_replay_capture", misuse_replay},
    {"wg_evaluate", misuse_replay},
    {"wg_update_run", misuse_replay},
    {"wg_update_destroy", misuse_replay},
    {"wg_replay_run", misuse_replay},
    {"wg_replay_bind", misuse_replay},
    {"wg_replay_inspect", misuse_replay},
    {"wg_replay_destroy", misuse_replay},
    {"wg_invoke", misuse_op},
    {"wg_invoke1", misuse_op},
    {"wg_invoke2", misuse_op},
    {"wg_invoke3", misuse_op},
    {"wg_op_at", misuse_op},
    {"wg_op_count", misuse_op},
    {"wg_give", misuse_for_rules},
    {"wg_broadcast_shapes", misuse_for_rules},
    {"wg_same_float", misuse_for_rules},
    {"wg_call_error", misuse_for_rules},
    {"wg_closure_apply", misuse_closure},
    {"wg_check_mode_set", misuse_closure},
    {"wg_generator", misuse_machine},
    {"wg_generator_split", misuse_machine},
    {"wg_generator_default", misuse_machine},
    {"wg_seed", misuse_machine},
    {"wg_set_threads", misuse_machine},
    {"wg_threads", misuse_machine},
    {"wg_flush_denormals", misuse_machine},
    {"wg_flushes_denormals", misuse_machine},
    {"wg_warmup", misuse_machine},
    {"wg_memory_now", misuse_machine},
    {"wg_memory_trim", misuse_machine},
    {"wg_memory_fail", misuse_machine},
    {"wg_memory_requests", misuse_machine},
    {"wg_version", misuse_machine},
    {"wg_kernel_family", misuse_machine},
    {"wg_instruction_set", misuse_machine},
    {"wg_product_engine", misuse_machine},
    {"wg_feature_at", misuse_machine},
    {"wg_dump_dot_with", misuse_dump},
    {"wg_graph_of_with", misuse_graph},
    {"wg_graph_destroy", misuse_graph},
    {"wg_graph_collapse_with", misuse_graph},
    {"wg_graph_write_dot_with", misuse_graph},
    {"wg_graph_write_gates_with", misuse_graph},
    {"wg_graph_write_json", misuse_graph},
    {"wg_graph_read_json", misuse_graph},
    {"wg_graph_diff", misuse_graph},
    {"wg_graph_changes_destroy", misuse_graph},
    {"wg_graph_changes_print", misuse_graph},
    {"wg_dump_json_with", misuse_graph},
    {"wg_graph_find_between", misuse_find_between},
    {"wg_cost_of", misuse_cost},
    {"wg_trace_begin_with", misuse_trace},
    {"wg_chain_of", misuse_chain},
    {"wg_chain_plan_for", misuse_chain},
    {"wg_chain_plan_destroy", misuse_chain},
    {"wg_trace_end", misuse_trace},
    {"wg_lifetime_begin", misuse_lifetime},
    {"wg_lifetime_end", misuse_lifetime},
    {"wg_lifetime_destroy", misuse_lifetime},
    {"wg_lifetime_peak_of", misuse_lifetime},
    {"wg_lifetime_write_svg_with", misuse_lifetime},
    {"wg_lifetime_reason_name", misuse_lifetime},
    {"wg_cost_destroy", misuse_cost},
    {"wg_cost_print", misuse_cost},
    {"wg_graph_costs", misuse_cost},
    {"wg_cost_add", misuse_cost},
    {"wg_cost_operations", misuse_cost},
    {"wg_cost_gradient_ratio", misuse_cost},
};

MISUSE_MAIN(table)
