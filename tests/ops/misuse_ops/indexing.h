/* Misuse of shapes and indices; included by misuse_ops.c. */

/* ---- indices ---- */

static wg_tensor *indices(int64_t first, int64_t second)
{
    return made(wg_from(((const int64_t[]){first, second}), WG_SHAPE(2)));
}

/* i64 (2, 3), all zero except the last element. */
static wg_tensor *index_of_all(int64_t last)
{
    return made(wg_from(((const int64_t[]){0, 0, 0, 0, 0, last}), WG_SHAPE(2, 3)));
}

static void misuse_gather(void)
{
    REFUSED("gather", wg_gather(bad, 0, index_of_all(1)));
    REFUSED("gather", wg_gather(fx.y, 0, bad));
    assert_null_and_error(wg_gather(fx.y, 2, index_of_all(1)), WG_E_ARGUMENT, "gather: ");
    assert_null_and_error(wg_gather(fx.y, -3, index_of_all(1)), WG_E_ARGUMENT, "gather: ");
    assert_null_and_error(wg_gather(fx.y, 0, fx.y), WG_E_DTYPE, "expected indices of i64");
    assert_null_and_error(wg_gather(fx.y, 0, fx.labels), WG_E_SHAPE, "f32 [2, 3] x i64 [2]");
    assert_null_and_error(wg_gather(fx.y, 0, made(wg_zeros(WG_I64, WG_SHAPE(2, 4)))), WG_E_SHAPE, "f32 [2, 3] x i64 [2, 4]");
    assert_null_and_error(wg_gather(fx.y, 0, index_of_all(2)), WG_E_ARGUMENT,
                          "gather: index 2, element 5 of the indices, is not in 0..1");
    assert_null_and_error(wg_gather(fx.y, 1, index_of_all(-1)), WG_E_ARGUMENT, "gather: index -1, element 5 of the indices");
    assert_null_and_error(wg_gather(fx.y, 1, index_of_all(INT64_MIN)), WG_E_ARGUMENT, "gather: index -9223372036854775808");
    assert_null_and_error(wg_gather(made(wg_zeros(WG_F32, WG_SHAPE(0))), 0, fx.labels), WG_E_ARGUMENT, "gather: ");
    assert_null_and_error(wg_gather(fx.scalar, 0, fx.labels), WG_E_ARGUMENT, "gather: ");
}

static void misuse_scatter_add(void)
{
    wg_tensor *good = index_of_all(1), *far = index_of_all(2), *none = made(wg_zeros(WG_F32, WG_SHAPE(0)));
    REFUSED("scatter_add", wg_scatter_add(bad, 0, good, fx.y));
    REFUSED("scatter_add", wg_scatter_add(fx.y, 0, bad, fx.y));
    REFUSED("scatter_add", wg_scatter_add(fx.y, 0, good, bad));
    assert_null_and_error(wg_scatter_add(fx.y, 2, good, fx.y), WG_E_ARGUMENT, "scatter_add: ");
    assert_null_and_error(wg_scatter_add(fx.y, 0, fx.y, fx.y), WG_E_DTYPE, "expected indices of i64");
    assert_null_and_error(wg_scatter_add(fx.y, 0, good, fx.wide), WG_E_DTYPE, "f32 [2, 3] x i64 [2, 3] x f64 [2, 3]");
    assert_null_and_error(wg_scatter_add(good, 0, good, good), WG_E_DTYPE, "scatter_add: ");
    assert_null_and_error(wg_scatter_add(fx.y, 0, good, fx.odd), WG_E_SHAPE, "f32 [2, 3] x i64 [2, 3] x f32 [5, 7]");
    assert_null_and_error(wg_scatter_add(fx.y, 0, fx.labels, fx.y), WG_E_SHAPE, "scatter_add: ");
    assert_null_and_error(wg_scatter_add(wg_donate(made(wg_copy(fx.y))), 0, far, fx.y), WG_E_ARGUMENT,
                          "scatter_add: index 2, element 5 of the indices, is not in 0..1");
    assert_null_and_error(wg_scatter_add(none, 0, fx.labels, made(wg_zeros(WG_F32, WG_SHAPE(2)))), WG_E_ARGUMENT, "scatter_add: ");
}

static void misuse_index_select(void)
{
    REFUSED("index_select", wg_index_select(bad, 0, fx.labels));
    REFUSED("index_select", wg_index_select(fx.y, 0, bad));
    assert_null_and_error(wg_index_select(fx.y, 2, fx.labels), WG_E_ARGUMENT, "index_select: ");
    assert_null_and_error(wg_index_select(fx.y, 0, fx.vector), WG_E_DTYPE, "index_select: ");
    assert_null_and_error(wg_index_select(fx.y, 0, index_of_all(0)), WG_E_SHAPE, "f32 [2, 3] x i64 [2, 3]");
    assert_null_and_error(wg_index_select(fx.y, 0, indices(1, 2)), WG_E_ARGUMENT,
                          "index 2, element 1 of the indices, is not in 0..1");
    assert_null_and_error(wg_index_select(fx.y, 1, indices(-1, 2)), WG_E_ARGUMENT, "index -1, element 0 of the indices");
}

static void misuse_index_add(void)
{
    REFUSED("index_add", wg_index_add(bad, 0, fx.labels, fx.y));
    REFUSED("index_add", wg_index_add(fx.y, 0, bad, fx.y));
    REFUSED("index_add", wg_index_add(fx.y, 0, fx.labels, bad));
    assert_null_and_error(wg_index_add(fx.y, -3, fx.labels, fx.y), WG_E_ARGUMENT, "index_add: ");
    assert_null_and_error(wg_index_add(fx.y, 0, fx.vector, fx.y), WG_E_DTYPE, "index_add: ");
    assert_null_and_error(wg_index_add(fx.y, 0, fx.labels, fx.odd), WG_E_SHAPE, "f32 [2, 3] x i64 [2] x f32 [5, 7]");
    assert_null_and_error(wg_index_add(fx.y, 0, fx.labels, fx.wide), WG_E_DTYPE, "index_add: ");
    assert_null_and_error(wg_index_add(fx.y, 0, indices(0, 2), fx.y), WG_E_ARGUMENT,
                          "index 2, element 1 of the indices, is not in 0..1");
}

static void misuse_embedding(void)
{
    REFUSED("embedding", wg_embedding(bad, fx.labels));
    REFUSED("embedding", wg_embedding(fx.y, bad));
    assert_null_and_error(wg_embedding(fx.y, fx.vector), WG_E_DTYPE, "f32 [2, 3] x f32 [3]");
    assert_null_and_error(wg_embedding(fx.vector, fx.labels), WG_E_SHAPE, "f32 [3] x i64 [2]");
    assert_null_and_error(wg_embedding(fx.y, indices(0, 2)), WG_E_ARGUMENT, "index 2, element 1 of the indices, is not in 0..1");
}

static void misuse_one_hot(void)
{
    REFUSED("one_hot", wg_one_hot(bad, 3, WG_F32));
    assert_null_and_error(wg_one_hot(fx.vector, 3, WG_F32), WG_E_DTYPE, "one_hot: ");
    assert_null_and_error(wg_one_hot(fx.labels, 3, (wg_dtype)77), WG_E_DTYPE, "one_hot: ");
    assert_null_and_error(wg_one_hot(fx.labels, 0, WG_F32), WG_E_ARGUMENT, "one_hot: ");
    assert_null_and_error(wg_one_hot(fx.labels, -1, WG_F32), WG_E_ARGUMENT, "one_hot: ");
    assert_null_and_error(wg_one_hot(fx.labels, INT64_MAX, WG_F32), WG_E_SHAPE, "one_hot: ");
    assert_null_and_error(wg_one_hot(fx.labels, 1, WG_F32), WG_E_ARGUMENT, "one_hot: index 1, element 1 of the indices");
    assert_null_and_error(wg_one_hot(indices(-1, 0), 3, WG_F32), WG_E_ARGUMENT, "one_hot: index -1, element 0 of the indices");
}

/* ---- shapes ---- */

static void misuse_pad(void)
{
    const wg_sizes some = WG_SIZES(1, 2), negative = WG_SIZES(0, -1), vast = WG_SIZES(INT64_MAX, 0), none = {2, NULL};
    REFUSED("pad", wg_pad(bad, some, some, 0));
    assert_null_and_error(wg_pad(fx.y, none, some, 0), WG_E_NULL, "pad: the numbers of before are NULL");
    assert_null_and_error(wg_pad(fx.y, some, none, 0), WG_E_NULL, "pad: the numbers of after are NULL");
    assert_null_and_error(wg_pad(fx.y, WG_SIZES(1), some, 0), WG_E_ARGUMENT,
                          "pad: expected before of 2 numbers, one for each axis of [2, 3], got 1");
    assert_null_and_error(wg_pad(fx.y, some, WG_SIZES(1, 2, 3), 0), WG_E_ARGUMENT, "pad: expected after of 2 numbers");
    assert_null_and_error(wg_pad(fx.scalar, some, some, 0), WG_E_ARGUMENT, "pad: expected before of 0 numbers");
    assert_null_and_error(wg_pad(fx.y, negative, some, 0), WG_E_ARGUMENT, "pad: ");
    assert_null_and_error(wg_pad(fx.y, some, negative, 0), WG_E_ARGUMENT, "pad: ");
    assert_null_and_error(wg_pad(fx.y, vast, some, 0), WG_E_SHAPE, "pad: ");
    assert_null_and_error(wg_pad(fx.y, some, vast, 0), WG_E_SHAPE, "pad: ");
    assert_null_and_error(wg_pad(fx.bytes, some, some, 256), WG_E_ARGUMENT, "pad: expected a value");
    assert_null_and_error(wg_pad(fx.labels, WG_SIZES(1), WG_SIZES(0), (double)NAN), WG_E_ARGUMENT, "pad: expected a value");
    assert_null_and_error(wg_pad(fx.labels, WG_SIZES(1), WG_SIZES(0), 0x1p63), WG_E_ARGUMENT, "pad: expected a value");
}

static void misuse_diagonal(void)
{
    REFUSED("diagonal", wg_diagonal(bad));
    assert_null_and_error(wg_diagonal(fx.vector), WG_E_SHAPE, "diagonal: ");
    assert_int_equal(wg_numel(made(wg_diagonal(fx.y, .offset = INT64_MAX))), 0);
    assert_int_equal(wg_numel(made(wg_diagonal(fx.y, .offset = INT64_MIN))), 0);
}

static void misuse_diagonal_grad(void)
{
    REFUSED("diagonal_grad", wg_diagonal_grad(bad, 3, 3, 0));
    assert_null_and_error(wg_diagonal_grad(fx.scalar, 1, 1, 0), WG_E_SHAPE, "diagonal_grad: ");
    assert_null_and_error(wg_diagonal_grad(fx.y, 3, 4, 2), WG_E_SHAPE, "diagonal_grad: ");
    assert_null_and_error(wg_diagonal_grad(fx.y, 3, 3, INT64_MIN), WG_E_SHAPE, "diagonal_grad: ");
    assert_null_and_error(wg_diagonal_grad(fx.y, -3, 3, 0), WG_E_ARGUMENT, "diagonal_grad: ");
}

static void misuse_diag(void)
{
    REFUSED("diag", wg_diag(bad));
    assert_null_and_error(wg_diag(fx.scalar), WG_E_SHAPE, "diag: ");
    assert_null_and_error(wg_diag(made(wg_zeros(WG_F32, WG_SHAPE(2, 2, 2)))), WG_E_SHAPE, "diag: ");
    assert_null_and_error(wg_diag(fx.vector, .offset = INT64_MAX), WG_E_SHAPE, "diag: ");
    assert_null_and_error(wg_diag(fx.vector, .offset = INT64_MIN), WG_E_SHAPE, "diag: ");
}

#define MISUSE_TRIANGLE(op)                                                      \
    static void misuse_##op(void)                                                \
    {                                                                            \
        REFUSED(#op, wg_##op(bad));                                              \
        assert_null_and_error(wg_##op(fx.vector), WG_E_SHAPE, #op ": ");         \
        assert_int_equal(wg_numel(made(wg_##op(fx.y, .offset = INT64_MAX))), 6); \
        assert_int_equal(wg_numel(made(wg_##op(fx.y, .offset = INT64_MIN))), 6); \
    }
MISUSE_TRIANGLE(tril)
MISUSE_TRIANGLE(triu)

static void misuse_expand(void)
{
    REFUSED("expand", wg_expand(bad, WG_SHAPE(4, 2, 3)));
    assert_null_and_error(wg_expand(fx.y, WG_SHAPE(2, 4)), WG_E_SHAPE, "expand: ");
    assert_null_and_error(wg_expand(fx.y, WG_SHAPE(3)), WG_E_SHAPE, "expand: ");
    assert_null_and_error(wg_expand(fx.y, WG_SHAPE(-1, 2, 3)), WG_E_SHAPE, "expand: ");
    assert_null_and_error(wg_expand(fx.y, WG_SHAPE(2, -2)), WG_E_SHAPE, "expand: ");
    assert_null_and_error(wg_expand(fx.y, (wg_shape){.rank = 9}), WG_E_SHAPE, "expand: ");
    assert_null_and_error(wg_expand(fx.y, (wg_shape){.rank = -1}), WG_E_SHAPE, "expand: ");
    assert_null_and_error(wg_expand(fx.scalar, WG_SHAPE((int64_t)1 << 40, (int64_t)1 << 40)), WG_E_SHAPE, "expand: ");
}

static void misuse_squeeze(void)
{
    REFUSED("squeeze", wg_squeeze(bad, 0));
    assert_null_and_error(wg_squeeze(fx.y, 0), WG_E_SHAPE, "squeeze: ");
    assert_null_and_error(wg_squeeze(fx.y, 2), WG_E_ARGUMENT, "squeeze: ");
    assert_null_and_error(wg_squeeze(fx.y, -3), WG_E_ARGUMENT, "squeeze: ");
    assert_null_and_error(wg_squeeze(fx.scalar, 0), WG_E_ARGUMENT, "squeeze: ");
}

static void misuse_unsqueeze(void)
{
    REFUSED("unsqueeze", wg_unsqueeze(bad, 0));
    assert_null_and_error(wg_unsqueeze(fx.y, 3), WG_E_ARGUMENT, "unsqueeze: ");
    assert_null_and_error(wg_unsqueeze(fx.y, -4), WG_E_ARGUMENT, "unsqueeze: ");
    assert_null_and_error(wg_unsqueeze(made(wg_zeros(WG_F32, WG_SHAPE(1, 1, 1, 1, 1, 1, 1, 1))), 0), WG_E_SHAPE, "unsqueeze: ");
}

static void misuse_flip(void)
{
    REFUSED("flip", wg_flip(bad, 0));
    assert_null_and_error(wg_flip(fx.y, 2), WG_E_ARGUMENT, "flip: ");
    assert_null_and_error(wg_flip(fx.scalar, 0), WG_E_ARGUMENT, "flip: ");
}

static void misuse_stack(void)
{
    REFUSED("stack", wg_stack((wg_tensor *[]){bad, fx.y}, 2, 0));
    REFUSED("stack", wg_stack((wg_tensor *[]){fx.y, bad}, 2, 0));
    assert_null_and_error(wg_stack(NULL, 2, 0), WG_E_NULL, "stack: ");
    assert_null_and_error(wg_stack((wg_tensor *[]){fx.y}, 0, 0), WG_E_ARGUMENT, "stack: ");
    assert_null_and_error(wg_stack((wg_tensor *[]){fx.y, fx.y}, 2, 3), WG_E_ARGUMENT, "stack: ");
    assert_null_and_error(wg_stack((wg_tensor *[]){fx.y, fx.y}, 2, -4), WG_E_ARGUMENT, "stack: ");
    assert_null_and_error(wg_stack((wg_tensor *[]){fx.y, fx.odd}, 2, 0), WG_E_SHAPE, "[2, 3] x [5, 7] (operand 1)");
    assert_null_and_error(wg_stack((wg_tensor *[]){fx.y, fx.wide}, 2, 0), WG_E_DTYPE, "stack: ");
}

static void misuse_repeat(void)
{
    REFUSED("repeat", wg_repeat(bad, WG_SIZES(1, 2)));
    assert_null_and_error(wg_repeat(fx.y, (wg_sizes){2, NULL}), WG_E_NULL, "repeat: the numbers of times are NULL");
    assert_null_and_error(wg_repeat(fx.y, WG_SIZES(2)), WG_E_ARGUMENT,
                          "repeat: expected times of 2 numbers, one for each axis of [2, 3], got 1");
    assert_null_and_error(wg_repeat(fx.y, (wg_sizes){-1, NULL}), WG_E_ARGUMENT, "repeat: ");
    assert_null_and_error(wg_repeat(fx.y, WG_SIZES(1, -1)), WG_E_ARGUMENT, "repeat: ");
    assert_null_and_error(wg_repeat(fx.y, WG_SIZES(INT64_MAX, 2)), WG_E_SHAPE, "repeat: ");
    assert_null_and_error(wg_repeat(fx.y, WG_SIZES((int64_t)1 << 40, (int64_t)1 << 40)), WG_E_SHAPE, "repeat: ");
}

static void misuse_split(void)
{
    wg_tensor *parts[2] = {fx.x, fx.x};
    const int64_t sizes[] = {1, 2}, negative[] = {4, -1}, vast[] = {INT64_MAX, INT64_MAX};
    REFUSED_STATUS("split", wg_split(bad, 1, sizes, 2, parts));
    assert_fails(wg_split(fx.y, 2, sizes, 2, parts), WG_E_ARGUMENT, "split: ");
    assert_fails(wg_split(fx.y, 1, NULL, 2, parts), WG_E_NULL, "split: ");
    assert_fails(wg_split(fx.y, 1, sizes, 2, NULL), WG_E_NULL, "split: ");
    assert_fails(wg_split(fx.y, 1, sizes, 1, parts), WG_E_ARGUMENT, "split: the sizes add up to 1, not to the extent 3");
    assert_fails(wg_split(fx.y, 0, sizes, 2, parts), WG_E_ARGUMENT, "split: part 1 of size 2 does not fit an extent of 2");
    assert_fails(wg_split(fx.y, 1, negative, 2, parts), WG_E_ARGUMENT, "split: ");
    assert_fails(wg_split(fx.y, 1, vast, 2, parts), WG_E_ARGUMENT, "split: ");
    assert_ptr_equal(parts[0], fx.x); /* on failure no part is set */
}

static void misuse_chunk(void)
{
    wg_tensor *parts[4] = {fx.x, fx.x};
    size_t made;
    REFUSED_STATUS("chunk", wg_chunk(bad, 1, 2, parts, &made));
    assert_fails(wg_chunk(fx.y, 2, 2, parts, &made), WG_E_ARGUMENT, "chunk: ");
    assert_fails(wg_chunk(fx.y, 1, 2, NULL, &made), WG_E_NULL, "chunk: ");
    assert_fails(wg_chunk(fx.y, 1, 0, parts, &made), WG_E_ARGUMENT, "chunk: expected 1 to ");
    assert_fails(wg_chunk(fx.y, 1, SIZE_MAX, parts, &made), WG_E_ARGUMENT,
                 "which is what an array of them can have, got 18446744073709551615");
    assert_fails(wg_chunk(fx.y, 1, 4, parts, NULL), WG_E_ARGUMENT, "chunk: an extent of 3 gives 3 parts of 1, not 4");
    assert_ptr_equal(parts[0], fx.x);
}

static void misuse_unbind(void)
{
    wg_tensor *parts[4] = {fx.x, fx.x};
    REFUSED_STATUS("unbind", wg_unbind(bad, 0, parts, 2));
    assert_fails(wg_unbind(fx.y, 2, parts, 2), WG_E_ARGUMENT, "unbind: ");
    assert_fails(wg_unbind(fx.scalar, 0, parts, 0), WG_E_ARGUMENT, "unbind: ");
    assert_fails(wg_unbind(fx.y, 0, NULL, 2), WG_E_NULL, "unbind: ");
    assert_fails(wg_unbind(fx.y, 1, parts, 2), WG_E_ARGUMENT, "unbind: expected room for 3 parts");
    assert_fails(wg_unbind(fx.y, 1, parts, 4), WG_E_ARGUMENT, "unbind: expected room for 3 parts");
    assert_ptr_equal(parts[0], fx.x);
}

static const struct wg_op *registered(const char *name)
{
    size_t i = 0;
    while (strcmp(wg_op_at(i)->name, name) != 0)
        i++;
    return wg_op_at(i);
}

static void misuse_view_add(void)
{
    const struct wg_op *select = registered("select");
    const struct { /* the same struct as in ops/kernel.h */
        int axis;
        int64_t index;
    } at = {0, 1}, beyond = {0, 2};
    wg_tensor *row = made(wg_select(fx.y, 0, 0));
    REFUSED("view_add", wg_view_add(bad, row, select, &at));
    REFUSED("view_add", wg_view_add(fx.y, bad, select, &at));
    assert_null_and_error(wg_view_add(fx.y, row, NULL, &at), WG_E_NULL, "view_add: ");
    assert_null_and_error(wg_view_add(fx.y, row, select, NULL), WG_E_NULL, "view_add: ");
    assert_null_and_error(wg_view_add(fx.y, row, registered("exp"), &at), WG_E_ARGUMENT, "view_add: exp is no ");
    assert_null_and_error(wg_view_add(fx.y, row, select, &beyond), WG_E_SHAPE, "select: ");
    assert_null_and_error(wg_view_add(fx.y, fx.y, select, &at), WG_E_SHAPE, "view_add: ");
    assert_null_and_error(wg_view_add(fx.wide, row, select, &at), WG_E_DTYPE, "view_add: ");
}

/* ---- products ---- */

#define MISUSE_VECTORS(op)                                                                                    \
    static void misuse_##op(void)                                                                             \
    {                                                                                                         \
        REFUSED(#op, wg_##op(bad, fx.vector));                                                                \
        REFUSED(#op, wg_##op(fx.vector, bad));                                                                \
        assert_null_and_error(wg_##op(fx.y, fx.vector), WG_E_SHAPE, "f32 [2, 3] x f32 [3]");                  \
        assert_null_and_error(wg_##op(fx.vector, fx.scalar), WG_E_SHAPE, "f32 [3] x f32 []");                 \
        assert_null_and_error(wg_##op(fx.vector, made(wg_zeros(WG_F64, WG_SHAPE(3)))), WG_E_DTYPE, #op ": "); \
        assert_null_and_error(wg_##op(fx.labels, fx.labels), WG_E_DTYPE, #op ": ");                           \
    }
MISUSE_VECTORS(dot)
MISUSE_VECTORS(outer)

static void misuse_einsum(void)
{
    wg_tensor *x[] = {fx.y, fx.y};
    static const char *const wrong[] = {"ij",          "ij,kl,mn",       "ij,j1->i",  "ij,kl->im",  "ij,kl->ii",
                                        "ij,kl->i->j", "ij,kl-i",        "ij,kl>i",   "...i...,kl", "ij,..kl",
                                        "ij,kl->.",    "ij,kl->...i...", "ij,kl->i,", "ij;kl"};
    REFUSED("einsum", wg_einsum("ij,ij->", (wg_tensor *[]){bad, fx.y}, 2));
    REFUSED("einsum", wg_einsum("ij,ij->", (wg_tensor *[]){fx.y, bad}, 2));
    assert_null_and_error(wg_einsum(NULL, x, 2), WG_E_NULL, "einsum: ");
    assert_null_and_error(wg_einsum("ij,ij->", NULL, 2), WG_E_NULL, "einsum: ");
    assert_null_and_error(wg_einsum("", x, 0), WG_E_ARGUMENT, "einsum: ");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_null_and_error(wg_einsum(wrong[i], x, 2), WG_E_ARGUMENT, "einsum: ");
    assert_null_and_error(wg_einsum("ij,jk", x, 2), WG_E_SHAPE, "einsum: ");
    assert_null_and_error(wg_einsum("ii,jk", x, 2), WG_E_SHAPE, "einsum: ");
    assert_null_and_error(wg_einsum("i,jk", x, 2), WG_E_SHAPE, "einsum: ");
    assert_null_and_error(wg_einsum("ijk...,jk", x, 2), WG_E_SHAPE, "einsum: ");
    assert_null_and_error(wg_einsum("ij,ij", (wg_tensor *[]){fx.y, fx.wide}, 2), WG_E_DTYPE, "einsum: ");
    char endless[2000];
    memset(endless, 'i', sizeof endless - 1);
    endless[sizeof endless - 1] = 0;
    assert_null_and_error(wg_einsum(endless, x, 2), WG_E_ARGUMENT, "einsum: ");
}
