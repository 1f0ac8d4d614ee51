/* Misuse of reductions and sorting; included by misuse_ops.c. */

static void misuse_cumsum(void)
{
    REFUSED("cumsum", wg_cumsum(bad, 0));
    assert_null_and_error(wg_cumsum(fx.x, 2), WG_E_ARGUMENT, "cumsum: there is no axis 2 in [2, 3]");
    assert_null_and_error(wg_cumsum(fx.x, -3, .reverse = true), WG_E_ARGUMENT, "cumsum: there is no axis -3 in [2, 3]");
    assert_null_and_error(wg_cumsum(fx.scalar, 0), WG_E_ARGUMENT, "cumsum: ");
    assert_null_and_error(wg_cumsum(fx.labels, 0), WG_E_DTYPE, "cumsum: expected f32 or f64: i64 [2]");
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
    REFUSED("sort", wg_sort(bad, .axis = 0));
    NO_PLACES(wg_sort(fx.x, .axis = 2, .indices = &places), WG_E_ARGUMENT, "sort: there is no axis 2 in [2, 3]");
    NO_PLACES(wg_sort(fx.x, .axis = -3, .indices = &places), WG_E_ARGUMENT, "sort: there is no axis -3 in [2, 3]");
    NO_PLACES(wg_sort(fx.scalar, .axis = 0, .descending = true, .indices = &places), WG_E_ARGUMENT, "sort: ");
    NO_PLACES(wg_sort(fx.labels, .axis = 0, .descending = true, .indices = &places), WG_E_DTYPE,
              "sort: expected f32 or f64: i64 [2]");
}

static void misuse_topk(void)
{
    REFUSED("topk", wg_topk(bad, 1, .axis = 0, .largest = false));
    NO_PLACES(wg_topk(fx.x, 1, .axis = 2, .indices = &places), WG_E_ARGUMENT, "topk: there is no axis 2 in [2, 3]");
    NO_PLACES(wg_topk(fx.x, 4, .axis = 1, .indices = &places), WG_E_ARGUMENT, "topk: k is 4, expected 0 to 3: f32 [2, 3]");
    NO_PLACES(wg_topk(fx.x, -1, .axis = 1, .indices = &places), WG_E_ARGUMENT, "topk: k is -1, expected 0 to 3: f32 [2, 3]");
    NO_PLACES(wg_topk(fx.x, INT64_MIN, .axis = 1, .indices = &places), WG_E_ARGUMENT, "topk: ");
    NO_PLACES(wg_topk(fx.x, INT64_MAX, .axis = 0, .indices = &places), WG_E_ARGUMENT, "topk: ");
    NO_PLACES(wg_topk(fx.labels, 1, .axis = 0, .indices = &places), WG_E_DTYPE, "topk: expected f32 or f64: i64 [2]");
}
