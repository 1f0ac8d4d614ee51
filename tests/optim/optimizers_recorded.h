/* Part of optimizers.c: gradients through recorded steps (wg_optim_unroll) of parameters some of whose gradients are exactly 0, as those
   of a relu unit that no sample reaches. Four parameters: a vector p and a matrix q whose first elements have gradient 0, a matrix r and a
   vector b that have no other, and b is 0 itself: where
   a norm of it counts, differences are not those of a derivative. */
#ifndef OPTIMIZERS_RECORDED_H
#define OPTIMIZERS_RECORDED_H

enum { PARAMETERS = 4, SMOOTH = 2 * N + 4, SOME = SMOOTH + 2, RECORDED = 3 };

static const double recorded_start[SOME] = {0.5, 0.75, 1, 1.25, -0.5, -1, -0.5, 0.3, 0.5, 1, 0.4, -0.7, 0.9, 0.2, 0, 0};

struct recorded {
    wg_tensor *p[PARAMETERS];
    wg_optim *optim;
    wg_dtype dtype;
};

static wg_shape recorded_shape(int i)
{
    return i == 0 ? WG_SHAPE(N) : i == 1 ? WG_SHAPE(1, N) : i == 2 ? WG_SHAPE(2, 2) : WG_SHAPE(2);
}

/* Σ (m p - t)⁴ + Σ m p q² + 0 Σ r + 0 Σ b, m being 0 for the first element, else 1. */
static wg_tensor *recorded_loss(wg_dtype dtype, wg_tensor *const *p)
{
    static const double mask[N] = {0, 1, 1, 1, 1};
    wg_tensor *masked = wg_mul(wg_cast(wg_from(mask, WG_SHAPE(N)), dtype), p[0]);
    wg_tensor *away = wg_square(wg_sub(masked, filled(dtype, 0, 0.5)));
    wg_tensor *loss = wg_add(wg_sum(wg_square(away)), wg_sum(wg_mul(masked, wg_square(p[1]))));
    return wg_add(loss, wg_mul_scalar(wg_add(wg_sum(p[2]), wg_sum(p[3])), 0));
}

/* Of what the steps have made: Σ w sin x over all elements of each. */
static wg_tensor *recorded_outer(wg_dtype dtype, wg_tensor *const *p)
{
    wg_tensor *sum = wg_scalar(dtype, 0);
    for (int i = 0; i < PARAMETERS; i++) {
        static const double weights[N] = {1, 1.1, 0.8, 1.3, 0.9};
        const int64_t n = wg_numel(p[i]);
        wg_tensor *w = wg_cast(wg_from(weights, WG_SHAPE(n)), dtype);
        sum = wg_add(sum, wg_sum(wg_mul(w, wg_sin(wg_reshape(p[i], WG_SHAPE(n))))));
    }
    return sum;
}

/* Parameters begin at `at`. Rules that observe have done so once, at recorded_start. */
static struct recorded recorded_begin(const struct entry *entry, wg_dtype dtype, const double *at)
{
    struct recorded r = {.dtype = dtype};
    const double *from = recorded_start;
    assert_int_equal(wg_seed(1, 0), WG_OK);
    for (int i = 0; i < PARAMETERS; from += wg_numel(r.p[i]), i++) {
        WG_TAPE(tape);
        r.p[i] = wg_set_requires_grad(wg_keep(wg_cast(wg_from(from, recorded_shape(i)), dtype)), true);
    }
    r.optim = entry->make((wg_tensor_list){PARAMETERS, r.p, NULL});
    assert_non_null(r.optim);
    if (wg_optim_lr(r.optim, 0) > 0.01) /* no steps that leap about */
        assert_int_equal(wg_optim_set_lr(r.optim, 0, 0.01), WG_OK);
    if (observes(r.optim)) {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(recorded_loss(dtype, r.p)), WG_OK);
        assert_int_equal(wg_optim_observe(r.optim), WG_OK);
    }
    for (int i = 0; i < PARAMETERS; at += wg_numel(r.p[i]), i++) {
        WG_TAPE(tape);
        assert_int_equal(wg_assign(r.p[i], wg_cast(wg_from(at, recorded_shape(i)), dtype)), WG_OK);
    }
    return r;
}

static void recorded_end(struct recorded *r)
{
    wg_optim_destroy(r->optim);
    for (int i = 0; i < PARAMETERS; i++)
        wg_free(r->p[i]);
}

/* The outer loss after recorded steps on the open tape; made: the parameters then. NULL: the optimizer has no steps that could be
   recorded, and says why. */
static wg_tensor *after_recorded(const struct recorded *r, wg_tensor **made)
{
    wg_error error;
    wg_unrolled *steps = wg_optim_unroll(r->optim);
    if (!steps) {
        assert_int_equal(wg_error_take(&error), WG_E_ARGUMENT);
        assert_true(strstr(error.message, "draws numbers") || strstr(error.message, "needs the loss") ||
                    strstr(error.message, "no step that can be recorded"));
        return NULL;
    }
    for (int k = 0; k < RECORDED; k++) {
        const wg_tensor_list now = wg_unrolled_params(steps);
        wg_tensor *g[PARAMETERS];
        assert_int_equal(wg_grad_many(recorded_loss(r->dtype, now.tensor), now.tensor, PARAMETERS, g, .create_graph = true), WG_OK);
        assert_int_equal(wg_unrolled_step(steps, g), WG_OK);
    }
    for (int i = 0; i < PARAMETERS; i++)
        made[i] = wg_unrolled_params(steps).tensor[i];
    wg_unrolled_destroy(steps);
    return recorded_outer(r->dtype, made);
}

/* The outer loss from this point. */
static double recorded_value(const struct entry *entry, const double *at)
{
    struct recorded r = recorded_begin(entry, WG_F64, at);
    double value;
    {
        WG_TAPE(tape);
        wg_tensor *made[PARAMETERS];
        value = wg_item(after_recorded(&r, made));
    }
    recorded_end(&r);
    return value;
}

/* The same steps, taken: their bits. */
static void assert_taken_alike(const struct entry *entry, wg_dtype dtype, wg_tensor *const *made)
{
    struct recorded r = recorded_begin(entry, dtype, recorded_start);
    for (int k = 0; k < RECORDED; k++) {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(recorded_loss(dtype, r.p)), WG_OK);
        assert_int_equal(wg_optim_step(r.optim), WG_OK);
    }
    for (int i = 0; i < PARAMETERS; i++) {
        double taken[2 * N];
        read_all(r.p[i], taken);
        assert_values(made[i], taken, dtype == WG_F64 ? 1e-13 : 1e-6);
    }
    recorded_end(&r);
}

/* The gradient for where the steps begin; false: they have none, and say why. */
static bool recorded_gradient(const struct entry *entry, wg_dtype dtype, double *gradient)
{
    struct recorded r = recorded_begin(entry, dtype, recorded_start);
    bool has = false;
    {
        WG_TAPE(tape);
        wg_tensor *made[PARAMETERS], *g[PARAMETERS], *loss = after_recorded(&r, made);
        const wg_status status = loss ? wg_grad_many(loss, r.p, PARAMETERS, g, .unused = WG_UNUSED_ZEROS) : WG_OK;
        has = loss && status == WG_OK;
        if (status != WG_OK)
            assert_error(WG_E_NO_GRAD, "it is computed at some steps only"); /* Shampoo's powers, SOAP's bases */
        for (int i = 0; has && i < PARAMETERS; gradient += wg_numel(r.p[i]), i++)
            read_all(g[i], gradient);
        if (has)
            assert_taken_alike(entry, dtype, made);
    }
    recorded_end(&r);
    return has;
}

static void recorded_steps_have_finite_gradients_where_gradients_are_0(void **state)
{
    (void)state;
    const double h = 1e-5;
    for (size_t k = 0; k < 2 * ENTRIES; k++) {
        const struct entry *entry = &entries[k / 2];
        double g[SOME];
        if (!recorded_gradient(entry, k % 2 ? WG_F32 : WG_F64, g))
            continue;
        for (int i = 0; i < SOME; i++)
            if (!isfinite(g[i]))
                fail_msg("%s: gradient %d is %g", entry->name, i, g[i]);
        for (int i = 0; i < SMOOTH && k % 2 == 0; i++) {
            double up[SOME], down[SOME];
            memcpy(up, recorded_start, sizeof up), memcpy(down, recorded_start, sizeof down);
            up[i] += h, down[i] -= h;
            const double expected = (recorded_value(entry, up) - recorded_value(entry, down)) / (2 * h);
            if (!(fabs(g[i] - expected) < 1e-7 * (1 + fabs(expected))))
                fail_msg("%s: gradient %d is %.12g, by differences %.12g", entry->name, i, g[i], expected);
        }
    }
    assert_no_error();
}

#endif
