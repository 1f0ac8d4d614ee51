/* Shapes, indices and einsum against independent code; the checks of the registry compare an op only with itself. */
#include "common.h"

/* ---- einsum against loops ---- */

enum { MOST_OPERANDS = 4 };

/* plain: the equation with letters for "..." and with "->"; axes of extent 1 broadcast. */
struct equation {
    const char *text, *plain;
    int n;
    wg_shape shape[MOST_OPERANDS];
};

static const struct equation equations[] = {
    {"ij,jk", "ij,jk->ik", 2, {{2, {3, 4}}, {2, {4, 5}}}},
    {"ij,jk->ik", "ij,jk->ik", 2, {{2, {3, 4}}, {2, {4, 5}}}},
    {" i j , k j -> k i ", "ij,kj->ki", 2, {{2, {3, 4}}, {2, {5, 4}}}},
    {"ba,cb", "ba,cb->ac", 2, {{2, {3, 4}}, {2, {5, 3}}}}, /* alphabetical order */
    {"ii", "ii->", 1, {{2, {4, 4}}}},
    {"ii->i", "ii->i", 1, {{2, {4, 4}}}},
    {"iji->j", "iji->j", 1, {{3, {3, 4, 3}}}},
    {"iiii->i", "iiii->i", 1, {{4, {2, 2, 2, 2}}}},
    {"ijij->ji", "ijij->ji", 1, {{4, {2, 3, 2, 3}}}},
    {"ij->ji", "ij->ji", 1, {{2, {3, 4}}}},
    {"ji", "ji->ij", 1, {{2, {3, 4}}}},
    {"ij->", "ij->", 1, {{2, {3, 4}}}},
    {"ij->j", "ij->j", 1, {{2, {3, 4}}}},
    {"ij->ij", "ij->ij", 1, {{2, {3, 4}}}},
    {"i,i", "i,i->", 2, {{1, {4}}, {1, {4}}}},
    {"i,i->i", "i,i->i", 2, {{1, {4}}, {1, {4}}}},
    {"i,j->ij", "i,j->ij", 2, {{1, {4}}, {1, {3}}}},
    {"ij,ij->", "ij,ij->", 2, {{2, {3, 4}}, {2, {3, 4}}}},
    {"ij,j->ji", "ij,j->ji", 2, {{2, {3, 4}}, {1, {4}}}},
    {"bij,bjk->bik", "bij,bjk->bik", 2, {{3, {2, 3, 4}}, {3, {2, 4, 5}}}},
    {"...ij,...jk->...ik", "abij,abjk->abik", 2, {{4, {2, 3, 4, 2}}, {4, {2, 3, 2, 5}}}},
    {"...ij,...jk->...ik", "abij,bjk->abik", 2, {{4, {2, 3, 4, 2}}, {3, {1, 2, 5}}}},
    {"...ij,...jk", "abij,abjk->abik", 2, {{4, {1, 3, 4, 2}}, {4, {2, 1, 2, 5}}}},
    {"...ij,jk", "aij,jk->aik", 2, {{3, {3, 4, 2}}, {2, {2, 5}}}},
    {"i...,i...->...", "iab,ib->ab", 2, {{3, {3, 4, 2}}, {2, {3, 2}}}},
    {"...->", "ab->", 1, {{2, {3, 4}}}},
    {"...i,...->i", "abi,ab->i", 2, {{3, {3, 4, 2}}, {2, {3, 1}}}},
    {"abc,cd,de->abe", "abc,cd,de->abe", 3, {{3, {2, 3, 4}}, {2, {4, 2}}, {2, {2, 3}}}},
    {"ab,bc,cd,da->", "ab,bc,cd,da->", 4, {{2, {2, 3}}, {2, {3, 4}}, {2, {4, 2}}, {2, {2, 2}}}},
    {"bhqd,bhkd->bhqk", "bhqd,bhkd->bhqk", 2, {{4, {2, 2, 3, 4}}, {4, {2, 2, 5, 4}}}},
    {"bqhd,bkhd->bhqk", "bqhd,bkhd->bhqk", 2, {{4, {2, 3, 2, 4}}, {4, {2, 5, 2, 4}}}},
    {"ijkl,klm->mji", "ijkl,klm->mji", 2, {{4, {2, 3, 4, 2}}, {3, {4, 2, 3}}}},
    {"aab,bc->ac", "aab,bc->ac", 2, {{3, {3, 3, 2}}, {2, {2, 4}}}},
    {"ab,cd->", "ab,cd->", 2, {{2, {2, 3}}, {2, {3, 2}}}},
    {"abcdefg,abcdefg->abcdefg", "abcdefg,abcdefg->abcdefg", 2, {{7, {1, 2, 1, 2, 1, 2, 2}}, {7, {1, 2, 1, 2, 1, 2, 2}}}},
    {"abcdefgh,abcdefgh->abcdefg", "abcdefgh,abcdefgh->abcdefg", 2, {{8, {1, 2, 1, 2, 1, 2, 2, 2}}, {8, {1, 2, 1, 2, 1, 2, 2, 2}}}},
    {"Ab,bA->bA", "Ab,bA->bA", 2, {{2, {2, 3}}, {2, {3, 2}}}},
    {",", ",->", 2, {{0, {0}}, {0, {0}}}},
    {"ij,jk->ik", "ij,jk->ik", 2, {{2, {3, 0}}, {2, {0, 2}}}},
    {"ij,jk->ik", "ij,jk->ik", 2, {{2, {0, 3}}, {2, {3, 2}}}},
};

/* The offset in a term's tensor for the indices of the letters, which end with -1. */
static int64_t offset_in_term(const char *term, const wg_shape *shape, const int64_t *index)
{
    int64_t at = 0;
    for (int axis = 0; axis < shape->rank; axis++)
        at = at * shape->extent[axis] + (shape->extent[axis] == 1 ? 0 : index[(unsigned char)term[axis]]);
    return at;
}

/* The result by loops over all letters, in the shape that the plain equation gives. */
static void by_loops(const struct equation *e, wg_tensor *const *x, double *result, wg_shape *shape)
{
    int64_t extent[128], index[128] = {0};
    const char *term[MOST_OPERANDS], *at = e->plain, *out = strstr(e->plain, "->") + 2;
    char letters[32] = "";
    int64_t all = 1;
    for (int i = 0; i < 128; i++)
        extent[i] = 1;
    for (int i = 0; i < e->n; i++, at++) {
        term[i] = at;
        for (int axis = 0; axis < e->shape[i].rank; axis++, at++) {
            const int letter = (unsigned char)*at;
            if (!strchr(letters, letter))
                letters[strlen(letters)] = (char)letter;
            if (e->shape[i].extent[axis] != 1)
                extent[letter] = e->shape[i].extent[axis];
        }
    }
    *shape = (wg_shape){.rank = (int)strlen(out)};
    int64_t n = 1;
    for (int axis = 0; axis < shape->rank; axis++)
        n *= shape->extent[axis] = extent[(unsigned char)out[axis]];
    memset(result, 0, (size_t)n * sizeof *result);
    for (const char *p = letters; *p; p++)
        all *= extent[(unsigned char)*p];
    for (int64_t k = 0; k < all; k++) {
        int64_t rest = k;
        double product = 1;
        for (const char *p = letters; *p; p++) {
            index[(unsigned char)*p] = rest % extent[(unsigned char)*p];
            rest /= extent[(unsigned char)*p];
        }
        for (int i = 0; i < e->n; i++)
            product *= ((const double *)wg_data(x[i]))[offset_in_term(term[i], &e->shape[i], index)];
        result[offset_in_term(out, shape, index)] += product;
    }
}

static void einsum_equals_loops(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof equations / sizeof *equations; k++) {
        const struct equation *e = &equations[k];
        wg_tensor *x[MOST_OPERANDS];
        double want[1024];
        wg_shape shape;
        WG_TAPE(tape);
        for (int i = 0; i < e->n; i++)
            x[i] = numbers(WG_F64, e->shape[i], 10 * k + (uint64_t)i);
        by_loops(e, x, want, &shape);
        wg_tensor *y = made(wg_einsum(e->text, x, (size_t)e->n));
        assert_int_equal(wg_rank(y), shape.rank);
        for (int axis = 0; axis < shape.rank; axis++)
            assert_int_equal(wg_extent(y, axis), shape.extent[axis]);
        for (int64_t i = 0; i < wg_numel(y); i++)
            assert_near(element(y, i), want[i], 1e-13);
    }
}

/* A product of two operands is one matmul, without copies that are not needed. */
static void einsum_is_one_product(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *a = numbers(WG_F32, WG_SHAPE(3, 4), 1), *b = numbers(WG_F32, WG_SHAPE(5, 4), 2);
    const size_t before = wg_tape_nodes(tape);
    made(wg_einsum("ij,kj->ik", (wg_tensor *[]){a, b}, 2));
    assert_int_equal(wg_tape_nodes(tape) - before, 2); /* a view of b, and the product */
}

/* ---- ops that only move elements accept every dtype ---- */

/* 0, 1, 2, … */
static wg_tensor *count_up(wg_dtype dtype, wg_shape shape)
{
    int64_t wide[64];
    uint8_t narrow[64];
    for (int i = 0; i < 64; i++)
        narrow[i] = (uint8_t)(wide[i] = i);
    return made(dtype == WG_I64 ? wg_from(wide, shape) : wg_from(narrow, shape));
}

static void assert_numbers(const wg_tensor *t, wg_dtype dtype, wg_shape shape, const int *want)
{
    assert_non_null(t);
    assert_int_equal(wg_dtype_of(t), dtype);
    assert_int_equal(wg_rank(t), shape.rank);
    for (int axis = 0; axis < shape.rank; axis++)
        assert_int_equal(wg_extent(t, axis), shape.extent[axis]);
    for (int64_t i = 0; i < wg_numel(t); i++)
        assert_int_equal((int)element(t, i), want[i]);
}
#define NUMBERS(...) ((const int[]){__VA_ARGS__})

static void integers_are_moved(void **state)
{
    (void)state;
    for (int dtype = WG_I64; dtype <= WG_U8; dtype++) {
        const wg_dtype d = (wg_dtype)dtype;
        WG_TAPE(tape);
        wg_tensor *x = count_up(d, WG_SHAPE(2, 3)), *transposed = made(wg_permute(x, WG_AXES(1, 0)));
        wg_tensor *last = wg_from(((const int64_t[]){1, 0, 1}), WG_SHAPE(3));
        assert_numbers(transposed, d, WG_SHAPE(3, 2), NUMBERS(0, 3, 1, 4, 2, 5));
        assert_numbers(wg_reshape(transposed, WG_SHAPE(2, 3)), d, WG_SHAPE(2, 3), NUMBERS(0, 3, 1, 4, 2, 5)); /* not a view */
        assert_numbers(wg_copy(transposed), d, WG_SHAPE(3, 2), NUMBERS(0, 3, 1, 4, 2, 5));
        assert_numbers(wg_slice(x, 1, 2, INT64_MIN, -2), d, WG_SHAPE(2, 2), NUMBERS(2, 0, 5, 3));
        assert_numbers(wg_flip(x, 1), d, WG_SHAPE(2, 3), NUMBERS(2, 1, 0, 5, 4, 3));
        assert_numbers(wg_broadcast_to(x, WG_SHAPE(2, 2, 3)), d, WG_SHAPE(2, 2, 3), NUMBERS(0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5));
        assert_numbers(wg_expand(wg_unsqueeze(x, 0), WG_SHAPE(2, -1, -1)), d, WG_SHAPE(2, 2, 3),
                       NUMBERS(0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5));
        assert_numbers(wg_concat((wg_tensor *[]){x, x}, 2, 1), d, WG_SHAPE(2, 6), NUMBERS(0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5));
        assert_numbers(wg_stack((wg_tensor *[]){x, x}, 2, 2), d, WG_SHAPE(2, 3, 2), NUMBERS(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5));
        assert_numbers(wg_repeat(x, WG_SIZES(1, 2)), d, WG_SHAPE(2, 6), NUMBERS(0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5));
        assert_numbers(wg_pad(x, WG_SIZES(0, 1), WG_SIZES(1, 0), 9), d, WG_SHAPE(3, 4),
                       NUMBERS(9, 0, 1, 2, 9, 3, 4, 5, 9, 9, 9, 9));
        assert_numbers(wg_index_select(x, 0, last), d, WG_SHAPE(3, 3), NUMBERS(3, 4, 5, 0, 1, 2, 3, 4, 5));
        assert_numbers(wg_index_select(transposed, 1, last), d, WG_SHAPE(3, 3), NUMBERS(3, 0, 3, 4, 1, 4, 5, 2, 5));
        assert_numbers(wg_gather(x, 0, wg_reshape(last, WG_SHAPE(1, 3))), d, WG_SHAPE(1, 3), NUMBERS(3, 1, 5));
        assert_numbers(wg_embedding(x, wg_reshape(last, WG_SHAPE(3, 1))), d, WG_SHAPE(3, 1, 3), NUMBERS(3, 4, 5, 0, 1, 2, 3, 4, 5));
        assert_numbers(wg_diagonal(x, .offset = 1), d, WG_SHAPE(2), NUMBERS(1, 5));
        assert_numbers(wg_diag(wg_slice(wg_reshape(x, WG_SHAPE(6)), 0, 4, 6, 1), .offset = -1), d, WG_SHAPE(3, 3),
                       NUMBERS(0, 0, 0, 4, 0, 0, 0, 5, 0));
        assert_numbers(wg_tril(x), d, WG_SHAPE(2, 3), NUMBERS(0, 0, 0, 3, 4, 0));
        assert_numbers(wg_triu(transposed, .offset = 1), d, WG_SHAPE(3, 2), NUMBERS(0, 3, 0, 0, 0, 0));
        assert_numbers(wg_one_hot(wg_from(((const int64_t[]){2, 0}), WG_SHAPE(2)), 3, d), d, WG_SHAPE(2, 3),
                       NUMBERS(0, 0, 1, 1, 0, 0));
        assert_null(wg_error_first());
    }
}

/* ---- limits ---- */

static void squeeze_and_unsqueeze(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(1, 2, 1, 3, 1), 1), *none = made(wg_zeros(WG_F32, WG_SHAPE(0, 1)));
    assert_int_equal(wg_rank(made(wg_squeeze(x, WG_ALL))), 2);
    assert_int_equal(wg_extent(made(wg_squeeze(x, -1)), -1), 3);
    assert_int_equal(wg_rank(made(wg_squeeze(x, -3))), 4);
    assert_int_equal(wg_rank(made(wg_squeeze(made(wg_scalar(WG_F32, 1)), WG_ALL))), 0);
    assert_int_equal(wg_rank(made(wg_squeeze(none, WG_ALL))), 1);
    assert_int_equal(wg_extent(made(wg_unsqueeze(none, -3)), 1), 0);
    assert_int_equal(wg_extent(made(wg_unsqueeze(none, 2)), 2), 1);
    assert_ptr_equal(wg_data(made(wg_squeeze(x, 0))), wg_data(x)); /* views */
    assert_ptr_equal(wg_data(made(wg_unsqueeze(x, -2))), wg_data(x));
    wg_tensor *transposed = made(wg_permute(made(wg_squeeze(x, WG_ALL)), WG_AXES(1, 0)));
    assert_ptr_equal(wg_data(made(wg_unsqueeze(transposed, 1))), wg_data(transposed));
}

static void stack_and_repeat(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *none = made(wg_zeros(WG_F32, WG_SHAPE(2, 0))), *x = numbers(WG_F32, WG_SHAPE(2, 1, 2, 1, 2, 1), 2);
    wg_tensor *many[100];
    for (int i = 0; i < 100; i++)
        many[i] = made(wg_scalar(WG_F64, i));
    wg_tensor *line = made(wg_stack(many, 100, -1));
    assert_int_equal(wg_rank(line), 1);
    for (int i = 0; i < 100; i++)
        assert_true(element(line, i) == i);
    assert_int_equal(wg_extent(made(wg_stack((wg_tensor *[]){none, none, none}, 3, 1)), 1), 3);
    assert_int_equal(wg_extent(made(wg_repeat(none, WG_SIZES(3, 5))), 0), 6);
    assert_int_equal(wg_numel(made(wg_repeat(x, WG_SIZES(1, 2, 0, 1, 1, 1)))), 0);
    const int64_t times[] = {2, 2, 1, 3, 2, 2}; /* more axes than one pass can handle */
    wg_tensor *y = made(wg_repeat(x, (wg_sizes){6, times})), *by_concat = x;
    for (int axis = 0; axis < 6; axis++)
        by_concat = made(wg_concat((wg_tensor *[]){by_concat, by_concat, by_concat}, (size_t)times[axis], axis));
    assert_same_bits(y, by_concat);
}

static void split_makes_views(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(2, 5), 3), *parts[3];
    const int64_t sizes[] = {2, 0, 3};
    {
        WG_TAPE(tape);
        assert_ok(wg_split(x, -1, sizes, 3, parts));
        for (int i = 0; i < 3; i++)
            assert_int_equal(wg_extent(parts[i], 1), sizes[i]);
        assert_ptr_equal(wg_data(parts[0]), wg_data(x));
        assert_same_bits(made(wg_concat(parts, 3, 1)), x);
        assert_ok(wg_backward(wg_sum(parts[2])));
        for (int i = 0; i < 10; i++)
            assert_true(element(wg_gradient(x), i) == (i % 5 >= 2));
        assert_ok(wg_split(made(wg_zeros(WG_F32, WG_SHAPE(0))), 0, NULL, 0, NULL));
    }
    assert_ok(wg_split(x, 0, (const int64_t[]){1, 1}, 2, parts)); /* the caller's tensors */
    wg_memory_trim();
    wg_memory_fail(1, true);
    wg_tensor *again[2] = {NULL, NULL};
    assert_int_equal(wg_split(x, 0, (const int64_t[]){1, 1}, 2, again), WG_E_MEMORY);
    wg_memory_fail(-1, false);
    expect_error(WG_E_MEMORY, "");
    wg_free(parts[0]), wg_free(parts[1]), wg_free(x);
}

static void flip_and_slices_of_nothing(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *none = made(wg_zeros(WG_F32, WG_SHAPE(2, 0))), *one = numbers(WG_F32, WG_SHAPE(1, 3), 4);
    assert_int_equal(wg_numel(made(wg_flip(none, 1))), 0);
    assert_same_bits(made(wg_flip(one, 0)), one);
    assert_same_bits(made(wg_flip(made(wg_flip(one, -1)), -1)), one);
}

/* ---- repeated indices ---- */

static void repeated_indices_add_up(void **state)
{
    (void)state;
    const int64_t where[] = {2, 0, 2, 2, 0};
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(4), 5), *index = made(wg_from(where, WG_SHAPE(5)));
    wg_tensor *table = leaf(WG_F64, WG_SHAPE(3, 2), 6);
    WG_TAPE(tape);
    wg_tensor *y = made(wg_gather(x, 0, index));
    for (int i = 0; i < 5; i++)
        assert_true(element(y, i) == element(x, where[i]));
    assert_ok(wg_backward(wg_add(wg_sum(y), wg_sum(wg_embedding(table, index)))));
    const double times[] = {2, 0, 3, 0};
    for (int i = 0; i < 4; i++)
        assert_true(element(wg_gradient(x), i) == times[i]);
    for (int i = 0; i < 6; i++)
        assert_true(element(wg_gradient(table), i) == times[i / 2]);
    const double a[] = {1, 10, 100, 1000, 10000};
    wg_tensor *sum = made(wg_scatter_add(made(wg_ones(WG_F64, WG_SHAPE(3))), -1, index, made(wg_from(a, WG_SHAPE(5)))));
    assert_true(element(sum, 0) == 10011 && element(sum, 1) == 1 && element(sum, 2) == 1102);
    wg_free(x), wg_free(table), wg_free(index);
}

/* Additions to one element are made in the order of the indices, for any number of threads and any memory order. */
static void scatter_adds_in_order(void **state)
{
    (void)state;
    enum { ROWS = 3000, COLUMNS = 61 };
    wg_tensor *src = numbers(WG_F32, WG_SHAPE(ROWS, COLUMNS), 7), *zeros = made(wg_zeros(WG_F32, WG_SHAPE(5, COLUMNS)));
    int64_t *where = malloc(ROWS * sizeof *where);
    float sums[5 * COLUMNS] = {0};
    assert_non_null(where);
    for (int64_t i = 0; i < ROWS; i++) {
        where[i] = i * i % 7 % 5;
        for (int64_t j = 0; j < COLUMNS; j++)
            sums[where[i] * COLUMNS + j] += ((const float *)wg_data(src))[i * COLUMNS + j];
    }
    wg_tensor *index = made(wg_from(where, WG_SHAPE(ROWS))), *want = made(wg_from(sums, WG_SHAPE(5, COLUMNS)));
    free(where);
    for (int threads = 1; threads <= 2; threads++) {
        WG_TAPE(tape);
        const wg_axes order = WG_AXES(1, 0);
        wg_set_threads(threads);
        assert_same_bits(made(wg_index_add(zeros, 0, index, src)), want);
        wg_tensor *transposed = made(wg_copy(wg_permute(src, order))), *other = made(wg_copy(wg_permute(zeros, order)));
        assert_same_bits(made(wg_permute(wg_index_add(other, 1, index, transposed), order)), want);
        wg_tensor *all = made(wg_broadcast_to(wg_reshape(index, WG_SHAPE(ROWS, 1)), WG_SHAPE(ROWS, COLUMNS)));
        assert_same_bits(made(wg_scatter_add(zeros, 0, made(wg_copy(all)), src)), want);
    }
    wg_set_threads(1);
    wg_free(src), wg_free(zeros), wg_free(index), wg_free(want);
}

/* A bad index is detected before anything is written, for a donated operand too. */
static void bad_indices_write_nothing(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(3), 8), *before = made(wg_copy(x));
    wg_tensor *index = made(wg_from(((const int64_t[]){0, 1, 3}), WG_SHAPE(3)));
    assert_null_and_error(wg_scatter_add(wg_donate(x), 0, index, before), WG_E_ARGUMENT, "index 3, element 2 of the indices");
    assert_same_bits(x, before);
    assert_null_and_error(wg_one_hot(index, 3, WG_U8), WG_E_ARGUMENT, "one_hot: index 3, element 2 of the indices, is not in 0..2");
    assert_null_and_error(wg_embedding(wg_reshape(x, WG_SHAPE(3, 1)), index), WG_E_ARGUMENT, "embedding: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(einsum_equals_loops),        TEST(einsum_is_one_product),   TEST(integers_are_moved),
        TEST(squeeze_and_unsqueeze),      TEST(stack_and_repeat),        TEST(split_makes_views),
        TEST(flip_and_slices_of_nothing), TEST(repeated_indices_add_up), TEST(scatter_adds_in_order),
        TEST(bad_indices_write_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
