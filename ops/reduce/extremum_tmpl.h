/* Template that routes elements between max's or min's result and operand, compiled once per number type. An element of y
   corresponds to the first element of x, in row-major order over the reduced axes, that equals it: to the first NaN if it is NaN,
   and to the first element if no element equals it. Every element of x is compared, so the work does not depend on the data. */

enum { T(ROUTE_BLOCK) = 256, T(ROUTE_WIDTH) = 32 };

/* Two plans of one reduction: find, from x to y, to find the positions; and move, from whole (of x's shape) to part (of y's shape),
   to copy elements. */
typedef struct {
    struct wg_reduction_plan find, move;
    const ELEM *x, *y;
    ELEM *whole, *part;
    int64_t columns, s_in, s_out, width, groups;
    int into_whole; /* copies part into whole; else whole into part */
} T(router);

/* For w columns at x with stride s: the logical index of the first element that equals the column's y. It compares elements from
   the last to the first, and each match overwrites the index. */
static void T(find_first)(const struct wg_reduction_plan *plan, const ELEM *x, int64_t s, const REAL *y, int64_t w, int64_t *index)
{
    int64_t offset[T(ROUTE_BLOCK)];
    int nan[T(ROUTE_WIDTH)];
    for (int64_t k = 0; k < w; k++) {
        nan[k] = y[k] != y[k];
        index[k] = 0;
    }
    for (int64_t at = (plan->count - 1) / T(ROUTE_BLOCK) * T(ROUTE_BLOCK); at >= 0; at -= T(ROUTE_BLOCK)) {
        const int64_t m = plan->count - at < T(ROUTE_BLOCK) ? plan->count - at : T(ROUTE_BLOCK);
        wg_reduced_offsets(plan, at, m, offset);
        for (int64_t j = m - 1; j >= 0; j--)
            for (int64_t k = 0; k < w; k++) {
                const REAL value = x[offset[j] + k * s];
                index[k] = (nan[k] ? value != value : value == y[k]) ? at + j : index[k];
            }
    }
}

static void T(route_groups)(int64_t first, int64_t last, void *context)
{
    const T(router) *r = (const T(router) *)context;
    const struct wg_reduction_plan *find = &r->find, *move = &r->move;
    for (int64_t job = first; job < last; job++) {
        const int64_t row = job / r->groups, k0 = job % r->groups * r->width;
        const int64_t w = r->columns - k0 < r->width ? r->columns - k0 : r->width;
        const ELEM *x = r->x + wg_kept_offset(find->n_kept - 1, find->kept, find->kept_in, row) + k0 * r->s_in;
        const ELEM *y = r->y + wg_kept_offset(find->n_kept - 1, find->kept, find->kept_out, row) + k0 * r->s_out;
        int64_t index[T(ROUTE_WIDTH)];
        REAL wanted[T(ROUTE_WIDTH)];
        for (int64_t k = 0; k < w; k++)
            wanted[k] = y[k * r->s_out];
        T(find_first)(find, x, r->s_in, wanted, w, index);
        for (int64_t k = 0; k < w; k++) {
            int64_t place;
            wg_reduced_offsets(move, index[k], 1, &place);
            const int64_t kept = row * r->columns + k0 + k;
            ELEM *whole = r->whole + wg_kept_offset(move->n_kept, move->kept, move->kept_in, kept) + place;
            ELEM *part = r->part + wg_kept_offset(move->n_kept, move->kept, move->kept_out, kept);
            if (r->into_whole)
                *whole = *part;
            else
                *part = *whole;
        }
    }
}

static wg_status T(route)(const wg_call *c, const wg_tensor *whole, const wg_tensor *part, int into_whole)
{
    const wg_tensor *x = c->in[0], *y = c->in[1];
    unsigned axes = 0;
    for (int axis = 0; axis < x->rank; axis++)
        axes |= (unsigned)(wg_extents(y)[axis] == 1) << axis;
    T(router) r;
    wg_plan_reduction(x, y, axes, &r.find);
    wg_plan_reduction(whole, part, axes, &r.move);
    r.x = (const ELEM *)(const void *)x->data;
    r.y = (const ELEM *)(const void *)y->data;
    r.whole = (ELEM *)(void *)whole->data;
    r.part = (ELEM *)(void *)part->data;
    r.into_whole = into_whole;
    const int inner = r.find.n_kept - 1;
    r.columns = inner >= 0 ? r.find.kept[inner] : 1;
    r.s_in = inner >= 0 ? r.find.kept_in[inner] : 0;
    r.s_out = inner >= 0 ? r.find.kept_out[inner] : 0;
    r.width = r.find.n_reduced == 1 && r.find.reduced_in[0] == 1 ? 1 : T(ROUTE_WIDTH);
    r.groups = (r.columns + r.width - 1) / r.width;
    wg_parallel(wg_kernel_threads((double)x->numel), r.find.outputs / r.columns * r.groups, T(route_groups), &r);
    return WG_OK;
}
