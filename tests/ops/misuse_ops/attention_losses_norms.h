/* Misuse of losses, normalisation and attention; included by misuse_ops.c. */

static void misuse_cross_entropy(void)
{
    wg_tensor *far = made(wg_from(((const int64_t[]){0, 3}), WG_SHAPE(2))), *t = made(wg_ones(WG_F32, WG_SHAPE(2, 3)));
    wg_tensor *image = made(wg_ones(WG_F32, WG_SHAPE(2, 3, 2))), *of_image = made(wg_zeros(WG_I64, WG_SHAPE(2, 2)));
    REFUSED("cross_entropy", wg_cross_entropy(bad, fx.labels));
    REFUSED("cross_entropy", wg_cross_entropy(fx.x, bad));
    REFUSED_BUT_NONE("cross_entropy", wg_cross_entropy(fx.x, fx.labels, .weight = bad));
    REFUSED("cross_entropy", wg_cross_entropy(bad, t, .smoothing = 0.1));
    REFUSED("cross_entropy", wg_cross_entropy(fx.vector, bad, .reduction = WG_REDUCTION_SUM));
    assert_null_and_error(wg_cross_entropy(fx.x, far), WG_E_ARGUMENT, "row 1 has label 3, which is not in 0..2");
    assert_null_and_error(wg_cross_entropy(fx.x, far, .reduction = WG_REDUCTION_NONE), WG_E_ARGUMENT,
                          "cross_entropy: row 1 has label 3, which is not in 0..2");
    assert_null_and_error(wg_cross_entropy(fx.x, far, .ignore = 4), WG_E_ARGUMENT, "row 1 has label 3");
    assert_non_null(wg_cross_entropy(fx.x, far, .ignore = 3));
    assert_null_and_error(wg_cross_entropy(fx.odd, fx.labels), WG_E_SHAPE, "f32 [5, 7] x i64 [2]");
    assert_null_and_error(wg_cross_entropy(fx.odd, fx.labels, .smoothing = 0.1), WG_E_SHAPE,
                          "cross_entropy: expected labels (N,…) of rows (N,C,…): f32 [5, 7] x i64 [2] x none");
    assert_null_and_error(wg_cross_entropy(image, fx.labels), WG_E_SHAPE, "f32 [2, 3, 2] x i64 [2]");
    assert_non_null(wg_cross_entropy(image, of_image));
    assert_null_and_error(wg_cross_entropy(fx.vector, fx.labels, .smoothing = 0.1), WG_E_SHAPE, "cross_entropy: ");
    assert_null_and_error(wg_cross_entropy(fx.x, fx.odd), WG_E_SHAPE, SHAPES_DIFFER);
    assert_null_and_error(wg_cross_entropy(fx.x, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_cross_entropy(fx.x, fx.bytes), WG_E_DTYPE, "f32 [2, 3] x u8 [2, 3]");
    assert_null_and_error(wg_cross_entropy(fx.labels, fx.labels, .reduction = WG_REDUCTION_SUM), WG_E_DTYPE, "cross_entropy: ");
    assert_null_and_error(wg_cross_entropy(fx.x, fx.labels, .weight = fx.odd), WG_E_SHAPE, "x f32 [5, 7]");
    assert_null_and_error(wg_cross_entropy(fx.x, fx.labels, .weight = fx.wide), WG_E_DTYPE, "x f64 [2, 3]");
    assert_null_and_error(wg_cross_entropy(fx.x, fx.labels, .smoothing = 1.5), WG_E_ARGUMENT, "cross_entropy: ");
    assert_null_and_error(wg_cross_entropy(fx.x, fx.labels, .smoothing = -0.5), WG_E_ARGUMENT, "cross_entropy: ");
    assert_null_and_error(wg_cross_entropy(fx.x, fx.labels, .smoothing = (double)NAN), WG_E_ARGUMENT, "cross_entropy: ");
    assert_null_and_error(wg_cross_entropy(fx.x, fx.labels, .reduction = (wg_reduction)9), WG_E_ARGUMENT, "cross_entropy: ");
    assert_null_and_error(wg_cross_entropy(fx.x, t, .ignore = 1), WG_E_ARGUMENT, "cross_entropy: ");
    assert_null_and_error(wg_cross_entropy(fx.x, fx.labels, .smoothing_rule = (wg_smoothing_rule)2), WG_E_ARGUMENT,
                          "cross_entropy: expected a smoothing rule");
    assert_non_null(wg_cross_entropy(fx.x, fx.labels, .smoothing = 0.5, .smoothing_rule = WG_SMOOTHING_EACH));
    assert_null_and_error(wg_cross_entropy(fx.x, fx.labels, .smoothing = 0.51, .smoothing_rule = WG_SMOOTHING_EACH), WG_E_ARGUMENT,
                          "cross_entropy: expected smoothing in [0, 0.5], got 0.51");
}

static void misuse_nll(void)
{
    wg_tensor *far = made(wg_from(((const int64_t[]){0, -1}), WG_SHAPE(2)));
    REFUSED("nll", wg_nll(bad, fx.labels));
    REFUSED("nll", wg_nll(fx.x, bad));
    REFUSED_BUT_NONE("nll", wg_nll(fx.x, fx.labels, .weight = bad));
    assert_null_and_error(wg_nll(fx.x, far), WG_E_ARGUMENT, "nll: row 1 has label -1, which is not in 0..2");
    assert_null_and_error(wg_nll(fx.x, fx.y), WG_E_DTYPE, "nll: ");
    assert_null_and_error(wg_nll(fx.odd, fx.labels), WG_E_SHAPE, "nll: ");
    assert_null_and_error(wg_nll(fx.vector, fx.labels), WG_E_SHAPE, "nll: ");
    assert_null_and_error(wg_nll(fx.labels, fx.labels), WG_E_DTYPE, "nll: ");
    assert_null_and_error(wg_nll(fx.x, fx.labels, .weight = fx.odd), WG_E_SHAPE, "nll: ");
    assert_null_and_error(wg_nll(fx.x, fx.labels, .reduction = (wg_reduction)-1), WG_E_ARGUMENT, "nll: ");
}

/* Losses on two operands of one shape. */
#define MISUSE_PAIR(function, op)                                                                                         \
    static void function(void)                                                                                            \
    {                                                                                                                     \
        REFUSED(#op, wg_##op(bad, fx.y));                                                                                 \
        REFUSED(#op, wg_##op(fx.x, bad));                                                                                 \
        REFUSED(#op, wg_##op(fx.x, bad, .reduction = WG_REDUCTION_NONE));                                                 \
        assert_null_and_error(wg_##op(fx.x, fx.odd), WG_E_SHAPE, #op ": ");                                               \
        assert_null_and_error(wg_##op(fx.x, fx.vector), WG_E_SHAPE, "f32 [2, 3] x f32 [3]");                              \
        assert_null_and_error(wg_##op(fx.x, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);                                         \
        assert_null_and_error(wg_##op(fx.bytes, fx.bytes), WG_E_DTYPE, #op ": ");                                         \
        assert_null_and_error(wg_##op(fx.x, fx.y, .reduction = (wg_reduction)7), WG_E_ARGUMENT, #op ": ");                \
        assert_null_and_error(wg_##op(fx.scalar, fx.scalar, .reduction = WG_REDUCTION_BATCH_MEAN), WG_E_SHAPE, #op ": "); \
    }
MISUSE_PAIR(misuse_kl_div, kl_div)
MISUSE_PAIR(misuse_mse, mse)
MISUSE_PAIR(misuse_operands_of_bce_with_logits, bce_with_logits)
MISUSE_PAIR(misuse_operands_of_huber, huber)

static void misuse_huber(void)
{
    misuse_operands_of_huber();
    assert_null_and_error(wg_huber(fx.x, fx.y, .delta = 0), WG_E_ARGUMENT, "huber: ");
    assert_null_and_error(wg_huber(fx.x, fx.y, .delta = -1), WG_E_ARGUMENT, "huber: ");
    assert_null_and_error(wg_huber(fx.x, fx.y, .delta = (double)NAN), WG_E_ARGUMENT, "huber: ");
    assert_null_and_error(wg_huber(fx.x, fx.y, .delta = (double)INFINITY), WG_E_ARGUMENT, "huber: ");
}

static void misuse_huber_terms(void)
{
    REFUSED("huber_terms", wg_huber_terms(bad, fx.y, 1));
    REFUSED("huber_terms", wg_huber_terms(fx.y, bad, 1));
    assert_null_and_error(wg_huber_terms(fx.y, fx.odd, 1), WG_E_SHAPE, SHAPES_DIFFER);
    assert_null_and_error(wg_huber_terms(fx.y, fx.wide, 1), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_huber_terms(fx.y, fx.y, 0), WG_E_ARGUMENT, "huber_terms: ");
    assert_null_and_error(wg_huber_terms(fx.y, fx.y, (double)NAN), WG_E_ARGUMENT, "huber_terms: ");
}

static void misuse_layer_norm(void)
{
    REFUSED("layer_norm", wg_layer_norm(bad, .weight = fx.vector, .bias = fx.vector));
    REFUSED_BUT_NONE("layer_norm", wg_layer_norm(fx.y, .weight = bad, .bias = fx.vector));
    REFUSED_BUT_NONE("layer_norm", wg_layer_norm(fx.y, .weight = fx.vector, .bias = bad));
    assert_null_and_error(wg_layer_norm(fx.y, .weight = fx.odd, .bias = fx.vector), WG_E_SHAPE,
                          "f32 [2, 3] x f32 [5, 7] x f32 [3]");
    assert_null_and_error(wg_layer_norm(fx.scalar), WG_E_SHAPE, "layer_norm: ");
    assert_null_and_error(wg_layer_norm(fx.wide, .weight = fx.vector), WG_E_DTYPE, "f64 [2, 3] x f32 [3] x none");
    assert_null_and_error(wg_layer_norm(fx.y, .eps = -1), WG_E_ARGUMENT, "layer_norm: ");
    assert_null_and_error(wg_layer_norm(fx.y, .eps = (double)NAN), WG_E_ARGUMENT, "layer_norm: ");
}

static void misuse_layer_norm_grad(void)
{
    wg_tensor *row = made(wg_ones(WG_F32, WG_SHAPE(2))), *c = fx.vector, *gx = fx.x, *ggamma = fx.x, *gbeta = fx.x;
    REFUSED_STATUS("layer_norm_grad", wg_layer_norm_grad(bad, c, row, row, fx.y, &gx, &ggamma, &gbeta));
    REFUSED_STATUS_BUT_NONE("layer_norm_grad", wg_layer_norm_grad(fx.y, bad, row, row, fx.y, &gx, &ggamma, &gbeta));
    REFUSED_STATUS("layer_norm_grad", wg_layer_norm_grad(fx.y, c, bad, row, fx.y, &gx, &ggamma, &gbeta));
    REFUSED_STATUS("layer_norm_grad", wg_layer_norm_grad(fx.y, c, row, bad, fx.y, &gx, &ggamma, &gbeta));
    REFUSED_STATUS("layer_norm_grad", wg_layer_norm_grad(fx.y, c, row, row, bad, &gx, &ggamma, &gbeta));
    assert_fails(wg_layer_norm_grad(fx.y, c, row, row, fx.odd, &gx, &ggamma, &gbeta), WG_E_SHAPE, "f32 [5, 7]");
    assert_fails(wg_layer_norm_grad(fx.y, c, row, row, fx.wide, &gx, &ggamma, &gbeta), WG_E_DTYPE, "f64 [2, 3]");
    assert_fails(wg_layer_norm_grad(fx.y, c, c, row, fx.y, &gx, &ggamma, &gbeta), WG_E_SHAPE, "layer_norm_grad: ");
    assert_fails(wg_layer_norm_grad(fx.y, row, row, row, fx.y, &gx, &ggamma, &gbeta), WG_E_SHAPE, "layer_norm_grad: ");
}

static void misuse_group_norm(void)
{
    REFUSED("group_norm", wg_group_norm(bad, 1, .weight = fx.vector, .bias = fx.vector));
    REFUSED_BUT_NONE("group_norm", wg_group_norm(fx.y, 1, .weight = bad, .bias = fx.vector));
    REFUSED_BUT_NONE("group_norm", wg_group_norm(fx.y, 1, .weight = fx.vector, .bias = bad));
    assert_null_and_error(wg_group_norm(fx.y, 2), WG_E_SHAPE, "group_norm: expected groups that divide the channels");
    assert_null_and_error(wg_group_norm(fx.y, 0), WG_E_ARGUMENT, "group_norm: ");
    assert_null_and_error(wg_group_norm(fx.y, INT64_MIN), WG_E_ARGUMENT, "group_norm: ");
    assert_null_and_error(wg_group_norm(fx.vector, 1), WG_E_SHAPE, "group_norm: ");
    assert_null_and_error(wg_group_norm(fx.y, 1, .weight = fx.odd), WG_E_SHAPE, "f32 [2, 3] x f32 [5, 7] x none");
    assert_null_and_error(wg_group_norm(fx.wide, 1, .weight = fx.vector), WG_E_DTYPE, "group_norm: ");
    assert_null_and_error(wg_group_norm(fx.y, 1, .eps = -1), WG_E_ARGUMENT, "group_norm: ");
}

static void misuse_attention(void)
{
    wg_tensor *mask = made(wg_ones(WG_U8, WG_SHAPE(2, 2)));
    REFUSED("attention", wg_attention(bad, fx.y, fx.y));
    REFUSED("attention", wg_attention(fx.x, bad, fx.y));
    REFUSED("attention", wg_attention(fx.x, fx.y, bad, .causal = true));
    REFUSED_BUT_NONE("attention", wg_attention(fx.x, fx.y, fx.y, .mask = bad));
    assert_non_null(wg_attention(fx.x, fx.y, fx.y, .mask = mask, .causal = true));
    assert_null_and_error(wg_attention(fx.x, fx.odd, fx.odd), WG_E_SHAPE, "f32 [2, 3] x f32 [5, 7] x f32 [5, 7] x none");
    assert_null_and_error(wg_attention(fx.x, fx.y, fx.odd), WG_E_SHAPE, "attention: ");
    assert_null_and_error(wg_attention(fx.vector, fx.y, fx.y), WG_E_SHAPE, "attention: ");
    assert_null_and_error(wg_attention(fx.x, fx.y, fx.y, .mask = fx.bytes), WG_E_SHAPE, "attention: expected a mask (…,L,S)");
    assert_null_and_error(wg_attention(fx.x, fx.y, fx.y, .mask = fx.labels), WG_E_DTYPE, "attention: ");
    assert_null_and_error(wg_attention(fx.x, fx.y, fx.wide), WG_E_DTYPE, "attention: ");
    assert_null_and_error(wg_attention(fx.x, fx.y, fx.y, .scale = -1), WG_E_ARGUMENT, "attention: expected scale in [0, inf)");
    assert_null_and_error(wg_attention(made(wg_zeros(WG_F32, WG_SHAPE(2, 2, 3))), made(wg_zeros(WG_F32, WG_SHAPE(3, 2, 3))), fx.y),
                          WG_E_SHAPE, "attention: leading axes do not broadcast");
}

static void misuse_attention_weights(void)
{
    REFUSED("attention_weights", wg_attention_weights(bad, fx.y));
    REFUSED("attention_weights", wg_attention_weights(fx.x, bad));
    REFUSED_BUT_NONE("attention_weights", wg_attention_weights(fx.x, fx.y, .mask = bad));
    assert_null_and_error(wg_attention_weights(fx.x, fx.odd), WG_E_SHAPE, "attention_weights: expected queries (…,L,d)");
    assert_null_and_error(wg_attention_weights(fx.x, fx.wide), WG_E_DTYPE, "attention_weights: ");
    assert_null_and_error(wg_attention_weights(fx.x, fx.y, .scale = -1), WG_E_ARGUMENT,
                          "attention_weights: expected scale in [0, inf)");
}

static void misuse_attention_grad(void)
{
    wg_tensor *l = made(wg_zeros(WG_F32, WG_SHAPE(2, 1))), *x = fx.x, *gq = fx.x, *gk = fx.x, *gv = fx.x;
#define GRAD(q, k, v, mask, l, gy) wg_attention_grad(q, k, v, mask, l, gy, false, 1, &gq, &gk, &gv)
    REFUSED_STATUS("attention_grad", GRAD(bad, x, x, WG_NONE, l, x));
    REFUSED_STATUS("attention_grad", GRAD(x, bad, x, WG_NONE, l, x));
    REFUSED_STATUS("attention_grad", GRAD(x, x, bad, WG_NONE, l, x));
    REFUSED_STATUS_BUT_NONE("attention_grad", GRAD(x, x, x, bad, l, x));
    REFUSED_STATUS("attention_grad", GRAD(x, x, x, WG_NONE, bad, x));
    REFUSED_STATUS("attention_grad", GRAD(x, x, x, WG_NONE, l, bad));
    assert_fails(GRAD(x, x, x, WG_NONE, x, x), WG_E_SHAPE, "attention_grad: expected log_sum_exp (…,L,1) and gy (…,L,e)");
    assert_fails(GRAD(x, x, x, WG_NONE, l, l), WG_E_SHAPE, "attention_grad: expected log_sum_exp (…,L,1) and gy (…,L,e)");
    assert_fails(GRAD(x, x, x, WG_NONE, l, fx.wide), WG_E_DTYPE, "attention_grad: ");
    assert_fails(wg_attention_grad(x, x, x, WG_NONE, l, x, false, -1, &gq, &gk, &gv), WG_E_ARGUMENT,
                 "attention_grad: expected scale in [0, inf)");
#undef GRAD
}
