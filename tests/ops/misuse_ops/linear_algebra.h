/* Misuse of linear algebra; included by misuse_ops.c. */

/* A matrix of stride 0, all elements one and the same. */
static wg_tensor *stretched(int64_t rows, int64_t columns)
{
    return made(wg_broadcast_to(fx.scalar, WG_SHAPE(rows, columns)));
}

/* Ops on square matrices: `call` applies the op to a, `more` has further checks. */
#define MISUSE_SQUARE(op, call, more)                                                                                     \
    static wg_tensor *call_##op(wg_tensor *a)                                                                             \
    {                                                                                                                     \
        return call;                                                                                                      \
    }                                                                                                                     \
    static void misuse_##op(void)                                                                                         \
    {                                                                                                                     \
        wg_tensor *bytes = made(wg_zeros(WG_U8, WG_SHAPE(2, 2)));                                                         \
        REFUSED(#op, call_##op(bad));                                                                                     \
        assert_null_and_error(call_##op(fx.y), WG_E_SHAPE, #op ": expected square matrices: f32 [2, 3]");                 \
        assert_null_and_error(call_##op(fx.vector), WG_E_SHAPE, #op ": expected square matrices: f32 [3]");               \
        assert_null_and_error(call_##op(fx.scalar), WG_E_SHAPE, #op ": expected square matrices: f32 []");                \
        assert_null_and_error(call_##op(bytes), WG_E_DTYPE, #op ": expected f32 or f64: u8 [2, 2]");                      \
        assert_null_and_error(call_##op(stretched(1, (int64_t)1 << 33)), WG_E_SHAPE, #op ": expected square matrices: "); \
        more;                                                                                                             \
    }

static wg_tensor *eigenvalues(wg_tensor *a)
{
    wg_tensor *w = fx.x, *v = fx.x;
    const wg_status status = wg_eigh(a, &w, &v);
    assert_true((status == WG_OK) == (w != NULL) && (w != NULL) == (v != NULL));
    return w;
}

static void misuse_of_eighs_results(void)
{
    wg_tensor *a = made(wg_ones(WG_F32, WG_SHAPE(2, 2))), *out = NULL;
    assert_fails(wg_eigh(a, NULL, &out), WG_E_NULL, "eigh: where the values or vectors are to go is NULL");
    assert_fails(wg_eigh(a, &out, NULL), WG_E_NULL, "eigh: ");
    assert_fails(wg_eigh(stretched(32767, 32767), &out, &a), WG_E_SHAPE,
                 "eigh: expected extents that fit LAPACK's 32-bit integers");
}

MISUSE_SQUARE(cholesky, wg_cholesky(a), (void)0)
MISUSE_SQUARE(inverse, wg_inverse(a), (void)0)
MISUSE_SQUARE(logdet, wg_logdet(a), (void)0)
MISUSE_SQUARE(eigh, eigenvalues(a), misuse_of_eighs_results())

static void misuse_qr(void)
{
    wg_tensor *q = fx.x, *r = fx.x;
    REFUSED_STATUS("qr", wg_qr(bad, &q, &r));
    assert_true(!q && !r);
    assert_fails(wg_qr(fx.odd, NULL, &r), WG_E_NULL, "qr: where q or r is to go is NULL");
    assert_fails(wg_qr(fx.odd, &q, NULL), WG_E_NULL, "qr: ");
    assert_fails(wg_qr(fx.y, &q, &r), WG_E_SHAPE, "qr: expected matrices with at least as many rows as columns: f32 [2, 3]");
    assert_fails(wg_qr(fx.vector, &q, &r), WG_E_SHAPE, "qr: ");
    assert_fails(wg_qr(fx.scalar, &q, &r), WG_E_SHAPE, "qr: ");
    assert_fails(wg_qr(stretched((int64_t)1 << 33, 1), &q, &r), WG_E_SHAPE,
                 "qr: expected extents that fit LAPACK's 32-bit integers");
    assert_fails(wg_qr(made(wg_zeros(WG_I64, WG_SHAPE(2, 2))), &q, &r), WG_E_DTYPE, "qr: ");
}

/* Ops on square matrices a and right-hand sides b. */
#define MISUSE_SOLVE(op, call)                                                                                                \
    static wg_tensor *call_##op(wg_tensor *a, wg_tensor *b)                                                                   \
    {                                                                                                                         \
        return call;                                                                                                          \
    }                                                                                                                         \
    static void misuse_##op(void)                                                                                             \
    {                                                                                                                         \
        wg_tensor *a = made(wg_ones(WG_F32, WG_SHAPE(2, 2))), *batch = made(wg_ones(WG_F32, WG_SHAPE(3, 2, 2)));              \
        wg_tensor *other = made(wg_ones(WG_F32, WG_SHAPE(2, 2, 1)));                                                          \
        REFUSED(#op, call_##op(bad, fx.y));                                                                                   \
        REFUSED(#op, call_##op(a, bad));                                                                                      \
        assert_null_and_error(call_##op(fx.y, fx.y), WG_E_SHAPE, #op ": expected square matrices: f32 [2, 3] x f32 [2");      \
        assert_null_and_error(call_##op(fx.vector, fx.y), WG_E_SHAPE, #op ": expected square matrices: f32 [3]");             \
        assert_null_and_error(call_##op(a, fx.vector), WG_E_SHAPE,                                                            \
                              "solve: expected right-hand sides (…,n,k) of matrices (…,n,n): f32 [2, 2] x f32 [3]");          \
        assert_null_and_error(call_##op(a, fx.odd), WG_E_SHAPE,                                                               \
                              "solve: expected right-hand sides (…,n,k) of matrices (…,n,n): f32 [2, 2] x f32 [5, 7]");       \
        assert_null_and_error(call_##op(a, fx.scalar), WG_E_SHAPE, #op ": ");                                                 \
        assert_null_and_error(call_##op(batch, other), WG_E_SHAPE, #op ": leading axes do not broadcast: f32 [3, 2, 2]");     \
        assert_null_and_error(call_##op(a, stretched(2, (int64_t)1 << 33)), WG_E_SHAPE,                                       \
                              "solve: expected extents that fit LAPACK's 32-bit integers: f32 [2, 2] x f32 [2, 8589934592]"); \
        assert_null_and_error(call_##op(a, fx.wide), WG_E_DTYPE, "f32 [2, 2] x f64 [2, 3]");                                  \
        assert_null_and_error(call_##op(fx.bytes, fx.bytes), WG_E_DTYPE, #op ": ");                                           \
    }
MISUSE_SOLVE(solve, wg_solve(a, b))
MISUSE_SOLVE(triangular_solve, wg_triangular_solve(a, b, .upper = true))
