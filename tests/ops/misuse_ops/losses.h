/* Misuse of losses of targets of two values, margins, pairs of vectors, distributions and CTC; included by misuse_ops.c. */

MISUSE_PAIR(misuse_l1, l1)

/* Losses of scores and targets of two values. */
#define MISUSE_TWO_VALUED(function, op, valid)                                                                                  \
    static void function(void)                                                                                                  \
    {                                                                                                                           \
        wg_tensor *t = made(wg_full(WG_F32, WG_SHAPE(2, 3), 1)), *half = made(wg_full(WG_F32, WG_SHAPE(2, 3), 0.5));            \
        REFUSED(#op, wg_##op(bad, t));                                                                                          \
        REFUSED(#op, wg_##op(fx.x, bad));                                                                                       \
        assert_non_null(wg_##op(fx.x, t));                                                                                      \
        assert_null_and_error(wg_##op(fx.x, half), WG_E_ARGUMENT, #op ": expected targets of " valid ", got 0.5 at element 0"); \
        assert_null_and_error(wg_##op(fx.x, wg_mul_scalar(t, (double)NAN)), WG_E_ARGUMENT, "got nan at element 0");             \
        assert_null_and_error(wg_##op(fx.x, fx.odd), WG_E_SHAPE, #op ": expected operands of one shape: " SHAPES_DIFFER);       \
        assert_null_and_error(wg_##op(fx.x, fx.vector), WG_E_SHAPE, "f32 [2, 3] x f32 [3]");                                    \
        assert_null_and_error(wg_##op(fx.x, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);                                               \
        assert_null_and_error(wg_##op(fx.bytes, t), WG_E_DTYPE, #op ": ");                                                      \
        assert_null_and_error(wg_##op(fx.x, t, .reduction = (wg_reduction)7), WG_E_ARGUMENT, #op ": ");                         \
        assert_null_and_error(wg_##op(fx.scalar, fx.scalar, .reduction = WG_REDUCTION_BATCH_MEAN), WG_E_SHAPE, #op ": ");       \
    }
MISUSE_TWO_VALUED(misuse_logistic, logistic, "-1 or 1")
MISUSE_TWO_VALUED(misuse_operands_of_hinge, hinge, "-1 or 1")
MISUSE_TWO_VALUED(misuse_operands_of_focal, focal, "0 or 1")

static void misuse_hinge(void)
{
    misuse_operands_of_hinge();
    assert_null_and_error(wg_hinge(fx.x, fx.bytes), WG_E_ARGUMENT, "hinge: expected targets of -1 or 1, got 0 at element 0");
}

static void misuse_focal(void)
{
    wg_tensor *signs = made(wg_full(WG_F32, WG_SHAPE(2, 3), -1));
    misuse_operands_of_focal();
    assert_non_null(wg_focal(fx.x, fx.bytes));
    assert_null_and_error(wg_focal(fx.x, signs), WG_E_ARGUMENT, "focal: expected targets of 0 or 1, got -1 at element 0");
}

static void misuse_bce(void)
{
    wg_tensor *p = made(wg_full(WG_F32, WG_SHAPE(2, 3), 0.5)), *two = made(wg_full(WG_F32, WG_SHAPE(2, 3), 2));
    REFUSED("bce", wg_bce(bad, p));
    REFUSED("bce", wg_bce(p, bad));
    REFUSED_BUT_NONE("bce", wg_bce(p, p, .weight = bad));
    assert_non_null(wg_bce(p, p, .weight = fx.vector));
    assert_null_and_error(wg_bce(two, p), WG_E_ARGUMENT, "bce: expected probabilities in 0 … 1, got 2 at element 0");
    assert_null_and_error(wg_bce(p, two), WG_E_ARGUMENT, "bce: expected targets in 0 … 1, got 2 at element 0");
    assert_null_and_error(wg_bce(p, wg_neg(p)), WG_E_ARGUMENT, "bce: expected targets in 0 … 1, got -0.5 at element 0");
    assert_null_and_error(wg_bce(p, fx.odd), WG_E_SHAPE, "bce: ");
    assert_null_and_error(wg_bce(p, fx.wide), WG_E_DTYPE, "bce: ");
    assert_null_and_error(wg_bce(p, p, .weight = fx.odd), WG_E_SHAPE, "bce: expected weights");
    assert_null_and_error(wg_bce(p, p, .weight = fx.wide), WG_E_DTYPE, "bce: expected weights");
    assert_null_and_error(wg_bce(p, p, .reduction = (wg_reduction)9), WG_E_ARGUMENT, "bce: ");
}

static void misuse_bounded_log(void)
{
    REFUSED("bounded_log", wg_bounded_log(bad, false));
    assert_null_and_error(wg_bounded_log(fx.labels, true), WG_E_DTYPE, "bounded_log: ");
}

static void misuse_bce_with_logits(void)
{
    misuse_operands_of_bce_with_logits();
    REFUSED_BUT_NONE("bce_with_logits", wg_bce_with_logits(fx.x, fx.y, .weight = bad));
    REFUSED_BUT_NONE("bce_with_logits", wg_bce_with_logits(fx.x, fx.y, .pos_weight = bad));
    REFUSED("bce_with_logits", wg_bce_with_logits(fx.x, bad, .weight = fx.y));
    assert_null_and_error(wg_bce_with_logits(fx.x, fx.y, .weight = fx.odd), WG_E_SHAPE, "bce_with_logits: expected weights");
    assert_null_and_error(wg_bce_with_logits(fx.vector, fx.vector, .pos_weight = fx.y), WG_E_SHAPE,
                          "f32 [3] x f32 [3] x none x f32 [2, 3]");
    assert_null_and_error(wg_bce_with_logits(fx.x, fx.y, .pos_weight = fx.wide), WG_E_DTYPE, "bce_with_logits: ");
    const struct wg_op *op = NULL;
    for (size_t i = 0; i < wg_op_count(); i++)
        op = strcmp(wg_op_at(i)->name, "bce_with_logits") == 0 ? wg_op_at(i) : op;
    wg_tensor *out, *three[3] = {fx.x, fx.y, fx.y};
    assert_fails(wg_invoke(op, &(wg_reduction){WG_REDUCTION_SUM}, three, 3, &out, 1), WG_E_ARGUMENT,
                 "bce_with_logits: expected logits and targets, and two weights or none");
}

/* Losses of scores and labels. */
#define MISUSE_LABELS(function, op)                                                                                \
    static void function(void)                                                                                     \
    {                                                                                                              \
        wg_tensor *far = made(wg_from(((const int64_t[]){0, 3}), WG_SHAPE(2)));                                    \
        REFUSED(#op, wg_##op(bad, fx.labels));                                                                     \
        REFUSED(#op, wg_##op(fx.x, bad));                                                                          \
        assert_null_and_error(wg_##op(fx.x, far), WG_E_ARGUMENT, #op ": row 1 has label 3, which is not in 0..2"); \
        assert_null_and_error(wg_##op(fx.x, fx.y), WG_E_DTYPE, #op ": expected labels of i64");                    \
        assert_null_and_error(wg_##op(fx.odd, fx.labels), WG_E_SHAPE, #op ": ");                                   \
        assert_null_and_error(wg_##op(fx.vector, fx.labels), WG_E_SHAPE, #op ": ");                                \
        assert_null_and_error(wg_##op(fx.labels, fx.labels), WG_E_DTYPE, #op ": ");                                \
        assert_null_and_error(wg_##op(fx.x, fx.labels, .reduction = (wg_reduction)-1), WG_E_ARGUMENT, #op ": ");   \
    }
MISUSE_LABELS(misuse_crammer_singer, crammer_singer)
MISUSE_LABELS(misuse_operands_of_multi_margin, multi_margin)

static void misuse_multi_margin(void)
{
    misuse_operands_of_multi_margin();
    REFUSED_BUT_NONE("multi_margin", wg_multi_margin(fx.x, fx.labels, .weight = bad));
    assert_null_and_error(wg_multi_margin(fx.x, fx.labels, .weight = fx.odd), WG_E_SHAPE, "multi_margin: ");
    assert_null_and_error(wg_multi_margin(fx.x, fx.labels, .p = 3), WG_E_ARGUMENT, "multi_margin: expected p of 1 or 2");
    assert_null_and_error(wg_multi_margin(fx.x, fx.labels, .p = 0), WG_E_ARGUMENT, "multi_margin: ");
}

/* ---- pairs and triples ---- */

static void misuse_cosine_similarity(void)
{
    REFUSED("cosine_similarity", wg_cosine_similarity(bad, fx.y));
    REFUSED("cosine_similarity", wg_cosine_similarity(fx.x, bad));
    assert_null_and_error(wg_cosine_similarity(fx.x, fx.vector), WG_E_SHAPE, "f32 [2, 3] x f32 [3]");
    assert_null_and_error(wg_cosine_similarity(fx.x, fx.odd), WG_E_SHAPE, SHAPES_DIFFER);
    assert_null_and_error(wg_cosine_similarity(fx.x, wg_slice(fx.y, 1, 0, 1, 1)), WG_E_SHAPE, "one extent along the axis");
    assert_null_and_error(wg_cosine_similarity(fx.x, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_cosine_similarity(fx.vector, fx.vector), WG_E_ARGUMENT, "cosine_similarity: ");
    assert_null_and_error(wg_cosine_similarity(fx.x, fx.y, .axis = -3), WG_E_ARGUMENT, "cosine_similarity: ");
}

MISUSE_PAIR(misuse_operands_of_cosine_loss, cosine_loss)
static void misuse_cosine_loss(void)
{
    misuse_operands_of_cosine_loss();
    assert_null_and_error(wg_cosine_loss(fx.x, fx.y, .axis = 2), WG_E_ARGUMENT, "cosine_loss: ");
    assert_null_and_error(wg_cosine_loss(fx.vector, fx.vector, .axis = 0, .reduction = WG_REDUCTION_BATCH_MEAN), WG_E_SHAPE,
                          "cosine_loss: ");
}

/* Losses of two vectors and one target. */
#define MISUSE_VECTOR_PAIRS(op, valid)                                                                                      \
    static void misuse_##op(void)                                                                                           \
    {                                                                                                                       \
        wg_tensor *t = made(wg_full(WG_F32, WG_SHAPE(2), 1)), *half = made(wg_full(WG_F32, WG_SHAPE(2), 0.5));              \
        REFUSED(#op, wg_##op(bad, fx.y, t));                                                                                \
        REFUSED(#op, wg_##op(fx.x, bad, t));                                                                                \
        REFUSED(#op, wg_##op(fx.x, fx.y, bad));                                                                             \
        assert_non_null(wg_##op(fx.x, fx.y, t));                                                                            \
        assert_null_and_error(wg_##op(fx.x, fx.y, half), WG_E_ARGUMENT, #op ": expected targets of " valid ", got 0.5");    \
        assert_null_and_error(wg_##op(fx.x, fx.y, fx.vector), WG_E_SHAPE, #op ": expected one target for each vector");     \
        assert_null_and_error(wg_##op(fx.x, fx.y, fx.y), WG_E_SHAPE, #op ": ");                                             \
        assert_null_and_error(wg_##op(fx.x, fx.odd, t), WG_E_SHAPE, SHAPES_DIFFER);                                         \
        assert_null_and_error(wg_##op(fx.x, fx.wide, t), WG_E_DTYPE, DTYPES_DIFFER);                                        \
        assert_null_and_error(wg_##op(fx.x, fx.y, wg_cast(t, WG_F64)), WG_E_DTYPE, #op ": expected targets of i64, u8 or"); \
        assert_null_and_error(wg_##op(fx.scalar, fx.scalar, fx.scalar), WG_E_SHAPE, #op ": ");                              \
        assert_null_and_error(wg_##op(fx.vector, fx.vector, fx.scalar, .reduction = WG_REDUCTION_BATCH_MEAN), WG_E_SHAPE,   \
                              #op ": ");                                                                                    \
        assert_null_and_error(wg_##op(fx.x, fx.y, t, .reduction = (wg_reduction)7), WG_E_ARGUMENT, #op ": ");               \
    }
MISUSE_VECTOR_PAIRS(cosine_embedding, "-1 or 1")
MISUSE_VECTOR_PAIRS(contrastive, "0 or 1")

static void misuse_pairwise_distance(void)
{
    REFUSED("pairwise_distance", wg_pairwise_distance(bad, fx.y));
    REFUSED("pairwise_distance", wg_pairwise_distance(fx.x, bad));
    assert_null_and_error(wg_pairwise_distance(fx.x, fx.odd), WG_E_SHAPE, SHAPES_DIFFER);
    assert_null_and_error(wg_pairwise_distance(fx.x, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_pairwise_distance(fx.scalar, fx.scalar), WG_E_SHAPE, "pairwise_distance: ");
}

static void misuse_triplet_margin(void)
{
    REFUSED("triplet_margin", wg_triplet_margin(bad, fx.y, fx.y));
    REFUSED("triplet_margin", wg_triplet_margin(fx.x, bad, fx.y));
    REFUSED("triplet_margin", wg_triplet_margin(fx.x, fx.y, bad));
    assert_null_and_error(wg_triplet_margin(fx.x, fx.y, fx.odd), WG_E_SHAPE, "f32 [2, 3] x f32 [2, 3] x f32 [5, 7]");
    assert_null_and_error(wg_triplet_margin(fx.x, fx.wide, fx.y), WG_E_DTYPE, "triplet_margin: ");
    assert_null_and_error(wg_triplet_margin(fx.scalar, fx.scalar, fx.scalar), WG_E_SHAPE, "triplet_margin: ");
    assert_null_and_error(wg_triplet_margin(fx.x, fx.y, fx.y, .reduction = (wg_reduction)5), WG_E_ARGUMENT, "triplet_margin: ");
    assert_null_and_error(wg_triplet_margin(fx.x, fx.y, fx.y, .p = 0.5), WG_E_ARGUMENT, "triplet_margin: expected p in [1, inf]");
}

static void misuse_margin_ranking(void)
{
    wg_tensor *t = made(wg_full(WG_F32, WG_SHAPE(2, 3), -1));
    REFUSED("margin_ranking", wg_margin_ranking(bad, fx.y, t));
    REFUSED("margin_ranking", wg_margin_ranking(fx.x, bad, t));
    REFUSED("margin_ranking", wg_margin_ranking(fx.x, fx.y, bad));
    assert_null_and_error(wg_margin_ranking(fx.x, fx.y, fx.bytes), WG_E_ARGUMENT, "margin_ranking: expected targets of -1 or 1");
    assert_null_and_error(wg_margin_ranking(fx.x, fx.odd, t), WG_E_SHAPE, SHAPES_DIFFER);
    assert_null_and_error(wg_margin_ranking(fx.x, fx.y, fx.labels), WG_E_SHAPE, "margin_ranking: ");
    assert_null_and_error(wg_margin_ranking(fx.x, fx.wide, t), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_margin_ranking(fx.x, fx.y, t, .reduction = (wg_reduction)5), WG_E_ARGUMENT, "margin_ranking: ");
}

/* ---- likelihoods and distributions ---- */

static void misuse_gaussian_nll(void)
{
    wg_tensor *v = made(wg_ones(WG_F32, WG_SHAPE(2, 3)));
    REFUSED("gaussian_nll", wg_gaussian_nll(bad, fx.y, v));
    REFUSED("gaussian_nll", wg_gaussian_nll(fx.x, bad, v));
    REFUSED("gaussian_nll", wg_gaussian_nll(fx.x, fx.y, bad));
    assert_non_null(wg_gaussian_nll(fx.x, fx.y, wg_ones(WG_F32, WG_SHAPE(2))));
    assert_null_and_error(wg_gaussian_nll(fx.x, fx.y, wg_neg(v)), WG_E_ARGUMENT,
                          "gaussian_nll: expected variances in 0 … inf, got -1 at element 0");
    assert_null_and_error(wg_gaussian_nll(fx.x, fx.y, fx.vector), WG_E_SHAPE, "gaussian_nll: expected variances");
    assert_null_and_error(wg_gaussian_nll(fx.x, fx.y, fx.scalar), WG_E_SHAPE, "gaussian_nll: expected variances");
    assert_null_and_error(wg_gaussian_nll(fx.x, fx.y, fx.wide), WG_E_DTYPE, "gaussian_nll: expected variances");
    assert_null_and_error(wg_gaussian_nll(fx.x, fx.odd, v), WG_E_SHAPE, "gaussian_nll: ");
    assert_null_and_error(wg_gaussian_nll(fx.x, fx.y, v, .reduction = (wg_reduction)5), WG_E_ARGUMENT, "gaussian_nll: ");
}

static void misuse_poisson_nll(void)
{
    wg_tensor *t = made(wg_ones(WG_F32, WG_SHAPE(2, 3)));
    REFUSED("poisson_nll", wg_poisson_nll(bad, t));
    REFUSED("poisson_nll", wg_poisson_nll(fx.x, bad));
    assert_null_and_error(wg_poisson_nll(fx.x, wg_neg(t)), WG_E_ARGUMENT, "poisson_nll: expected counts in 0 … inf, got -1");
    assert_null_and_error(wg_poisson_nll(wg_neg(t), t, .log_input = false), WG_E_ARGUMENT,
                          "poisson_nll: expected rates in 0 … inf");
    assert_null_and_error(wg_poisson_nll(fx.x, fx.odd), WG_E_SHAPE, SHAPES_DIFFER);
    assert_null_and_error(wg_poisson_nll(fx.x, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_poisson_nll(fx.x, t, .reduction = (wg_reduction)5), WG_E_ARGUMENT, "poisson_nll: ");
}

static void misuse_dice(void)
{
    wg_tensor *p = made(wg_full(WG_F32, WG_SHAPE(2, 3), 0.5)), *two = made(wg_full(WG_F32, WG_SHAPE(2, 3), 2));
    REFUSED("dice", wg_dice(bad, p));
    REFUSED("dice", wg_dice(p, bad));
    assert_null_and_error(wg_dice(two, p), WG_E_ARGUMENT, "dice: expected probabilities in 0 … 1, got 2");
    assert_null_and_error(wg_dice(p, two), WG_E_ARGUMENT, "dice: expected targets in 0 … 1, got 2");
    assert_null_and_error(wg_dice(p, fx.odd), WG_E_SHAPE, "dice: ");
    assert_null_and_error(wg_dice(p, fx.wide), WG_E_DTYPE, "dice: ");
    assert_null_and_error(wg_dice(wg_slice(p, 0, 0, 1, 1), wg_reshape(wg_slice(p, 0, 0, 1, 1), WG_SHAPE(3))), WG_E_SHAPE, "dice: ");
    assert_null_and_error(wg_dice(fx.vector, fx.vector), WG_E_SHAPE, "dice: expected operands (N,…) of at least two axes");
    assert_null_and_error(wg_dice(p, p, .reduction = (wg_reduction)5), WG_E_ARGUMENT, "dice: ");
}

static void misuse_wasserstein(void)
{
    REFUSED("wasserstein", wg_wasserstein(bad, fx.y));
    REFUSED("wasserstein", wg_wasserstein(fx.x, bad));
    assert_non_null(wg_wasserstein(fx.x, wg_slice(fx.y, 1, 0, 2, 1)));
    assert_null_and_error(wg_wasserstein(fx.x, fx.odd), WG_E_SHAPE,
                          "wasserstein: expected samples (…,n) and (…,m): " SHAPES_DIFFER);
    assert_null_and_error(wg_wasserstein(fx.x, fx.vector), WG_E_SHAPE, "wasserstein: ");
    assert_null_and_error(wg_wasserstein(fx.scalar, fx.scalar), WG_E_SHAPE, "wasserstein: ");
    assert_null_and_error(wg_wasserstein(fx.x, wg_slice(fx.y, 1, 0, 0, 1)), WG_E_SHAPE,
                          "wasserstein: expected samples of at least one");
    assert_null_and_error(wg_wasserstein(fx.x, fx.wide), WG_E_DTYPE, DTYPES_DIFFER);
    assert_null_and_error(wg_wasserstein(fx.x, fx.y, .reduction = (wg_reduction)5), WG_E_ARGUMENT, "wasserstein: ");
}

static void misuse_wasserstein_histogram(void)
{
    wg_tensor *p = made(wg_ones(WG_F32, WG_SHAPE(2, 3)));
    REFUSED("wasserstein_histogram", wg_wasserstein_histogram(bad, p));
    REFUSED("wasserstein_histogram", wg_wasserstein_histogram(p, bad));
    assert_null_and_error(wg_wasserstein_histogram(p, wg_neg(p)), WG_E_ARGUMENT,
                          "wasserstein_histogram: expected counts in 0 … inf");
    assert_null_and_error(wg_wasserstein_histogram(p, fx.odd), WG_E_SHAPE, "wasserstein_histogram: ");
    assert_null_and_error(wg_wasserstein_histogram(fx.scalar, fx.scalar), WG_E_SHAPE, "wasserstein_histogram: ");
    assert_null_and_error(wg_wasserstein_histogram(p, fx.wide), WG_E_DTYPE, "wasserstein_histogram: ");
    assert_null_and_error(wg_wasserstein_histogram(p, p, .reduction = (wg_reduction)5), WG_E_ARGUMENT, "wasserstein_histogram: ");
}

static void misuse_expect(void)
{
    REFUSED("expect", wg_expect(bad, "numbers", 0, 1, false));
    assert_null_and_error(wg_expect(fx.x, NULL, 0, 1, false), WG_E_NULL, "expect: what is NULL");
    assert_null_and_error(wg_expect(fx.labels, "numbers", 0, 1, false), WG_E_DTYPE, "expect: ");
    assert_null_and_error(wg_expect(fx.scalar, "numbers", (double)NAN, 1, false), WG_E_ARGUMENT,
                          "expect: expected low in [-inf, inf]");
    assert_null_and_error(wg_expect(fx.scalar, "numbers", 2, 1, false), WG_E_ARGUMENT, "expect: expected high in [2, inf], got 1");
    assert_null_and_error(wg_expect(fx.scalar, "numbers", 2, 3, false), WG_E_ARGUMENT,
                          "expect: expected numbers in 2 … 3, got 1 at element 0");
    assert_null_and_error(wg_expect(fx.scalar, "a word that is longer", 2, 3, true), WG_E_ARGUMENT,
                          "expect: expected a word that is  of 2 or 3, got 1 at element 0");
}

/* ---- connectionist temporal classification ---- */

static void misuse_ctc_of(wg_tensor *(*ctc)(wg_tensor *x, wg_tensor *targets, wg_tensor *times, wg_tensor *lengths, int64_t blank),
                          const char *op)
{
    wg_tensor *x = made(wg_zeros(WG_F32, WG_SHAPE(3, 2, 4))), *y = made(wg_ones(WG_I64, WG_SHAPE(2, 2)));
    wg_tensor *times = made(wg_from(((const int64_t[]){3, 2}), WG_SHAPE(2))), *lengths = fx.labels;
    wg_tensor *far = made(wg_from(((const int64_t[]){1, 4}), WG_SHAPE(2))),
              *below = made(wg_from(((const int64_t[]){-1, 1}), WG_SHAPE(2)));
    char message[200];
    assert_non_null(ctc(x, y, times, lengths, 0));
    assert_null_and_error(ctc(x, y, far, lengths, 0), WG_E_ARGUMENT, "expected input lengths in 0..3, got 4 for sequence 1");
    assert_null_and_error(ctc(x, y, below, lengths, 0), WG_E_ARGUMENT, "expected input lengths in 0..3, got -1 for sequence 0");
    assert_null_and_error(ctc(x, y, times, far, 0), WG_E_ARGUMENT, "expected target lengths in 0..2, got 4 for sequence 1");
    snprintf(message, sizeof message, "%s: expected labels in 0..3 that are not the blank, got 1 in sequence 1", op);
    assert_null_and_error(ctc(x, y, times, lengths, 1), WG_E_ARGUMENT, message);
    assert_null_and_error(ctc(x, y, times, lengths, 4), WG_E_ARGUMENT, "expected a blank that is one of the classes");
    assert_null_and_error(ctc(x, y, times, lengths, -1), WG_E_ARGUMENT, "expected a blank that is one of the classes");
    assert_null_and_error(ctc(fx.x, y, times, lengths, 0), WG_E_SHAPE, "expected log-probabilities (T,N,C)");
    assert_null_and_error(ctc(x, times, times, lengths, 0), WG_E_SHAPE, "expected log-probabilities (T,N,C)");
    assert_null_and_error(ctc(x, y, y, lengths, 0), WG_E_SHAPE, "expected log-probabilities (T,N,C)");
    assert_null_and_error(ctc(x, fx.y, times, lengths, 0), WG_E_DTYPE, "expected log-probabilities of f32 or f64");
    assert_null_and_error(ctc(y, y, times, lengths, 0), WG_E_DTYPE, "expected log-probabilities of f32 or f64");
}

static wg_tensor *plain_ctc(wg_tensor *x, wg_tensor *y, wg_tensor *times, wg_tensor *lengths, int64_t blank)
{
    return wg_ctc(x, y, times, lengths, .blank = blank);
}

static wg_tensor *plain_ctc_grad(wg_tensor *x, wg_tensor *y, wg_tensor *times, wg_tensor *lengths, int64_t blank)
{
    return wg_ctc_grad(x, y, times, lengths, blank, NULL, 0);
}

#define REFUSED_BY_CTC(op, call)                                                                              \
    {                                                                                                         \
        wg_tensor *x = made(wg_zeros(WG_F32, WG_SHAPE(3, 2, 4))), *y = made(wg_ones(WG_I64, WG_SHAPE(2, 2))); \
        wg_tensor *l = fx.labels;                                                                             \
        REFUSED(op, call(bad, y, l, l, 0));                                                                   \
        REFUSED(op, call(x, bad, l, l, 0));                                                                   \
        REFUSED(op, call(x, y, bad, l, 0));                                                                   \
        REFUSED(op, call(x, y, l, bad, 0));                                                                   \
    }

static void misuse_ctc(void)
{
    REFUSED_BY_CTC("ctc", plain_ctc)
    misuse_ctc_of(plain_ctc, "ctc");
    wg_tensor *x = made(wg_zeros(WG_F32, WG_SHAPE(3, 2, 4))), *y = made(wg_ones(WG_I64, WG_SHAPE(2, 2)));
    assert_null_and_error(wg_ctc(x, y, fx.labels, fx.labels, .reduction = (wg_reduction)9), WG_E_ARGUMENT,
                          "ctc: expected a reduction");
}

static void misuse_ctc_each(void)
{
    REFUSED_BY_CTC("ctc_each", wg_ctc_each)
    misuse_ctc_of(wg_ctc_each, "ctc_each");
}

static void misuse_ctc_grad(void)
{
    REFUSED_BY_CTC("ctc_grad", plain_ctc_grad)
    misuse_ctc_of(plain_ctc_grad, "ctc_grad");
    wg_tensor *x = made(wg_zeros(WG_F32, WG_SHAPE(3, 2, 4))), *y = made(wg_ones(WG_I64, WG_SHAPE(2, 2))), *l = fx.labels, *many[9];
    for (int i = 0; i < 9; i++)
        many[i] = x;
    REFUSED("ctc_grad", wg_ctc_grad(x, y, l, l, 0, &bad, 1));
    assert_null_and_error(wg_ctc_grad(x, y, l, l, 0, many, 9), WG_E_ARGUMENT, "ctc_grad: expected at most 8 directions");
    assert_null_and_error(wg_ctc_grad(x, y, l, l, 0, NULL, 1), WG_E_NULL, "ctc_grad: the array of directions is NULL");
    assert_null_and_error(wg_ctc_grad(x, y, l, l, 0, &fx.x, 1), WG_E_SHAPE, "ctc_grad: expected directions");
    assert_null_and_error(wg_ctc_grad(x, y, l, l, 0, (wg_tensor *[]){made(wg_cast(x, WG_F64))}, 1), WG_E_DTYPE,
                          "ctc_grad: expected directions");
}
