/* What attention and its gradient share, for the element type being compiled: the loop over heads and blocks of queries, and the scores of a
   block. Scores are stored with a line of WG_ATTENTION_BLOCK elements for each key and a column for each query. So the lanes of a vector are
   different queries, whose maxima and sums need no sums within a vector, and all products read rows of their right operand as they are.
   Only one block's scores are in memory at a time. */
#include "ops/attention/attention.h"
#include "ops/product/gemm.h"

struct T(attention);
/* The work of one unit, a head or a block of one. */
typedef wg_status T(attention_unit)(const struct T(attention) * a, int64_t unit, ELEM *workspace);

struct T(attention) {
    const wg_call *c;
    const wg_tensor *whole; /* its leading axes are the heads */
    int64_t queries, keys, blocks, units, parts;
    bool causal;
    double scale;
    T(attention_unit) * run;
    ELEM *workspace;
    int64_t lines;     /* of a part's workspace, WG_ATTENTION_BLOCK elements each */
    wg_status *status; /* of each part */
};

/* The matrix of a head in the last two axes of t. */
static inline T(matrix) T(head_of)(const struct T(attention) * a, const wg_tensor *t, int64_t head)
{
    int64_t offset;
    wg_batch_offsets(a->whole, &t, 1, head, &offset);
    return T(last_axes)(t, offset);
}

/* m lines of x from the given one on. */
static inline T(matrix) T(lines_of)(T(matrix) x, int64_t first, int64_t m)
{
    return T(matrix_of)(x.data + first * x.row, m, x.columns, x.row, x.column);
}

static inline T(matrix) T(transposed)(T(matrix) x)
{
    return T(matrix_of)(x.data, x.columns, x.rows, x.column, x.row);
}

/* A block of queries of a head: n keys for m queries from `first` on. scores: n lines; transposed: the workspace of a transposed operand. */
typedef struct {
    int64_t head, first, m, n;
    ELEM *scores, *transposed;
} T(query_block);

static inline T(query_block) T(block_of)(const struct T(attention) * a, int64_t head, int64_t block, ELEM *workspace)
{
    T(query_block) b;
    b.head = head;
    b.first = block * WG_ATTENTION_BLOCK;
    b.m = a->queries - b.first < WG_ATTENTION_BLOCK ? a->queries - b.first : WG_ATTENTION_BLOCK;
    b.n = wg_attention_keys(b.first, b.m, a->keys, a->causal);
    b.scores = workspace;
    b.transposed = workspace + a->keys * WG_ATTENTION_BLOCK;
    return b;
}

static inline T(matrix) T(in_lines)(const T(query_block) * b, ELEM *workspace)
{
    return T(matrix_of)(workspace, b->n, b->m, WG_ATTENTION_BLOCK, 1);
}

/* left (S,f) times the transposed rows of the block in right (L,f), into lines. */
static inline wg_status T(multiply_turned)(const T(query_block) * b, T(matrix) left, T(matrix) right, double scale, ELEM *lines)
{
    const T(matrix) transposed = T(matrix_of)(b->transposed, right.columns, b->m, WG_ATTENTION_BLOCK, 1);
    T(transpose_matrix)(T(lines_of)(right, b->first, b->m), transposed);
    for (int64_t i = 0; scale != 1 && i < transposed.rows; i++)
        for (int64_t k = 0; k < b->m; k++)
            transposed.data[i * transposed.row + k] = (REAL)transposed.data[i * transposed.row + k] * (REAL)scale;
    return T(gemm)(T(lines_of)(left, 0, b->n), transposed, false, T(in_lines)(b, lines));
}

/* The stride of an axis along which t is broadcast is 0. axis: -1 or -2. */
static inline int64_t T(mask_stride)(const wg_tensor *t, int axis)
{
    return t->rank + axis >= 0 && wg_extents(t)[t->rank + axis] != 1 ? wg_strides(t)[t->rank + axis] : 0;
}

static void T(apply_mask)(const struct T(attention) * a, const T(query_block) * b, const wg_tensor *mask)
{
    const int64_t row = T(mask_stride)(mask, -2), column = T(mask_stride)(mask, -1);
    int64_t offset;
    wg_batch_offsets(a->whole, &mask, 1, b->head, &offset);
    offset += b->first * row;
    if (mask->dtype == WG_U8) {
        const uint8_t *may = (const uint8_t *)(const void *)mask->data + offset;
        for (int64_t j = 0; j < b->n; j++)
            for (int64_t i = 0; i < b->m; i++)
                if (!may[i * row + j * column])
                    b->scores[j * WG_ATTENTION_BLOCK + i] = (REAL)-HUGE_VAL;
    } else {
        const ELEM *added = (const ELEM *)(const void *)mask->data + offset;
        for (int64_t j = 0; j < b->n; j++)
            for (int64_t i = 0; i < b->m; i++)
                b->scores[j * WG_ATTENTION_BLOCK + i] = (REAL)b->scores[j * WG_ATTENTION_BLOCK + i] +
                                                        (REAL)added[i * row + j * column];
    }
}

/* The scores of a block after the masks. */
static wg_status T(score)(const struct T(attention) * a, const T(query_block) * b)
{
    const wg_tensor *mask = a->c->in[3];
    const wg_status status = T(multiply_turned)(b, T(head_of)(a, a->c->in[1], b->head), T(head_of)(a, a->c->in[0], b->head),
                                                a->scale, b->scores);
    if (status != WG_OK)
        return status;
    if (mask->state != WG_ABSENT)
        T(apply_mask)(a, b, mask);
    for (int64_t j = b->first + 1; a->causal && j < b->n; j++)
        for (int64_t i = 0; i < j - b->first; i++)
            b->scores[j * WG_ATTENTION_BLOCK + i] = (REAL)-HUGE_VAL;
    return WG_OK;
}

/* Loops over the lanes of a group have a constant length, beyond the w queries too, so that they become vectors. The instance that counts
   operations runs over the queries alone. */
#ifdef VECTOR_BYTES
#define EACH_LANE(w) _Pragma("omp simd") for (int64_t k = 0; k < WG_ATTENTION_LANES; k++)
#else
#define EACH_LANE(w) for (int64_t k = 0; k < (w); k++)
#endif

/* e^x, and 0 for x = -inf without the underflow by which exp gets there: on Intel's CPUs one takes longer than a whole vector. */
WG_INLINE REAL T(exp_or_none)(REAL x)
{
    const bool none = x < (REAL)-746; /* below it e^x is 0 in f64, too */
    const REAL e = R(exp)(none ? (REAL)0 : x);
    return none ? (REAL)0 : e;
}

/* ---- units ---- */

static void T(attend_parts)(int64_t first, int64_t last, void *context)
{
    const struct T(attention) *a = (const struct T(attention) *)context;
    for (int64_t part = first; part < last; part++) {
        wg_status status = WG_OK;
        for (int64_t unit = a->units * part / a->parts; status == WG_OK && unit < a->units * (part + 1) / a->parts; unit++)
            status = a->run(a, unit, a->workspace + part * a->lines * WG_ATTENTION_BLOCK);
        a->status[part] = status;
    }
}

/* Runs all units: by_block: a unit is a block of a head, else a head. lines: of the scores' kind, for one part; the transposed operand's follow. */
static wg_status T(attend_all)(const wg_call *c, const wg_tensor *whole, T(attention_unit) * run, bool by_block, int64_t strips)
{
    const struct wg_attention_params *p = (const struct wg_attention_params *)c->params;
    struct T(attention) a;
    const int64_t features = wg_extents(c->in[0])[c->in[0]->rank - 1], values = wg_extents(c->in[2])[c->in[2]->rank - 1];
    int64_t heads = 1;
    for (int axis = 0; axis < whole->rank - 2; axis++)
        heads *= wg_extents(whole)[axis];
    a.c = c;
    a.whole = whole;
    a.queries = wg_extents(c->in[0])[c->in[0]->rank - 2];
    a.keys = wg_extents(c->in[1])[c->in[1]->rank - 2];
    a.blocks = (a.queries + WG_ATTENTION_BLOCK - 1) / WG_ATTENTION_BLOCK;
    a.units = by_block ? heads * a.blocks : heads;
    a.causal = p->causal;
    a.scale = p->scale;
    a.run = run;
    a.lines = strips * a.keys + (features > values ? features : values);
    const double work = (double)heads * (double)a.queries * (double)a.keys * (double)(features + values);
    const int threads = wg_kernel_threads(work);
    a.parts = a.units < threads ? a.units : threads;
    a.workspace = (ELEM *)wg_object_new((size_t)(a.parts * a.lines) * WG_ATTENTION_BLOCK * sizeof(ELEM));
    a.status = (wg_status *)wg_object_new((size_t)a.parts * sizeof(wg_status));
    wg_status status = a.workspace && a.status ? WG_OK : WG_E_MEMORY;
    if (status == WG_OK)
        wg_parallel((int)a.parts, a.parts, T(attend_parts), &a);
    for (int64_t part = 0; status == WG_OK && part < a.parts; part++)
        status = a.status[part];
    wg_object_free(a.status);
    wg_object_free(a.workspace);
    return status;
}
