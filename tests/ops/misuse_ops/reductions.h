/* Misuse of reductions and sorting; included by misuse_ops.c. */

#define MISUSE_PLACE(op)                                                                                       \
    static void misuse_##op(void)                                                                              \
    {                                                                                                          \
        wg_tensor *nothing = made(wg_zeros(WG_F32, WG_SHAPE(2, 0)));                                           \
        REFUSED(#op, wg_##op(bad, 0, false));                                                                  \
        REFUSED(#op, wg_##op(bad, WG_ALL, true));                                                              \
        assert_null_and_error(wg_##op(fx.x, 2, false), WG_E_ARGUMENT, #op ": there is no axis 2 in [2, 3]");   \
        assert_null_and_error(wg_##op(fx.x, -3, false), WG_E_ARGUMENT, #op ": there is no axis -3 in [2, 3]"); \
        assert_null_and_error(wg_##op(fx.scalar, 0, false), WG_E_ARGUMENT, #op ": there is no axis 0 in []");  \
        assert_null_and_error(wg_##op(nothing, 1, false), WG_E_SHAPE, #op ": there is none over nothing");     \
        assert_null_and_error(wg_##op(fx.labels, 0, false), WG_E_DTYPE, #op ": expected f32 or f64: i64 [2]"); \
    }
MISUSE_PLACE(argmax)
MISUSE_PLACE(argmin)

#define MISUSE_TRUTH(op)                                                                                         \
    static void misuse_##op(void)                                                                                \
    {                                                                                                            \
        REFUSED(#op, wg_##op(bad, 0, false));                                                                    \
        REFUSED(#op, wg_##op(bad, WG_ALL, true));                                                                \
        assert_null_and_error(wg_##op(fx.bytes, 2, false), WG_E_ARGUMENT, #op ": there is no axis 2 in [2, 3]"); \
        assert_null_and_error(wg_##op(fx.bytes, -3, false), WG_E_ARGUMENT, #op ": ");                            \
        assert_null_and_error(wg_##op(fx.x, 0, false), WG_E_DTYPE, #op ": a mask is u8: f32 [2, 3]");            \
        assert_null_and_error(wg_##op(fx.labels, 0, false), WG_E_DTYPE, #op ": a mask is u8: i64 [2]");          \
    }
MISUSE_TRUTH(any)
MISUSE_TRUTH(all)

static void misuse_cumsum(void)
{
    REFUSED("cumsum", wg_cumsum(bad, 0, false));
    assert_null_and_error(wg_cumsum(fx.x, 2, false), WG_E_ARGUMENT, "cumsum: there is no axis 2 in [2, 3]");
    assert_null_and_error(wg_cumsum(fx.x, -3, true), WG_E_ARGUMENT, "cumsum: there is no axis -3 in [2, 3]");
    assert_null_and_error(wg_cumsum(fx.scalar, 0, false), WG_E_ARGUMENT, "cumsum: ");
    assert_null_and_error(wg_cumsum(fx.labels, 0, false), WG_E_DTYPE, "cumsum: expected f32 or f64: i64 [2]");
}

/* A failed call sets no indices either. */
#define NO_PLACES(call, code, text)              \
    do {                                         \
        wg_tensor *places = fx.x;                \
        assert_null_and_error(call, code, text); \
        assert_null(places);                     \
    } while (0)

static void misuse_sort(void)
{
    REFUSED("sort", wg_sort(bad, 0, false, NULL));
    NO_PLACES(wg_sort(fx.x, 2, false, &places), WG_E_ARGUMENT, "sort: there is no axis 2 in [2, 3]");
    NO_PLACES(wg_sort(fx.x, -3, false, &places), WG_E_ARGUMENT, "sort: there is no axis -3 in [2, 3]");
    NO_PLACES(wg_sort(fx.scalar, 0, true, &places), WG_E_ARGUMENT, "sort: ");
    NO_PLACES(wg_sort(fx.labels, 0, true, &places), WG_E_DTYPE, "sort: expected f32 or f64: i64 [2]");
}

static void misuse_topk(void)
{
    REFUSED("topk", wg_topk(bad, 1, 0, false, NULL));
    NO_PLACES(wg_topk(fx.x, 1, 2, true, &places), WG_E_ARGUMENT, "topk: there is no axis 2 in [2, 3]");
    NO_PLACES(wg_topk(fx.x, 4, 1, true, &places), WG_E_ARGUMENT, "topk: k is 4, expected 0 to 3: f32 [2, 3]");
    NO_PLACES(wg_topk(fx.x, -1, 1, true, &places), WG_E_ARGUMENT, "topk: k is -1, expected 0 to 3: f32 [2, 3]");
    NO_PLACES(wg_topk(fx.x, INT64_MIN, 1, true, &places), WG_E_ARGUMENT, "topk: ");
    NO_PLACES(wg_topk(fx.x, INT64_MAX, 0, true, &places), WG_E_ARGUMENT, "topk: ");
    NO_PLACES(wg_topk(fx.labels, 1, 0, true, &places), WG_E_DTYPE, "topk: expected f32 or f64: i64 [2]");
}
