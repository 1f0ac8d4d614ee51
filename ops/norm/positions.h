/* The positions of a tensor, its indices along some of its axes in row-major order, a run of RUN at a time; for the number type at
   hand. */

enum { T(RUN) = 256 };

typedef struct {
    struct wg_reduction_plan plan;
    int64_t first, offset[T(RUN)];
} T(positions);

/* Those along axes (bits); like is of t's other axes. */
static void T(positions_of)(T(positions) * at, const wg_tensor *t, const wg_tensor *like, unsigned axes)
{
    wg_plan_reduction(t, like, axes, &at->plan);
    at->first = -1;
}

/* Finds the offsets of the run that begins at position first; how many there are. */
static int64_t T(run_at)(T(positions) * at, int64_t first)
{
    const int64_t rest = at->plan.count - first, n = rest < T(RUN) ? rest : T(RUN);
    if (at->first != first)
        wg_reduced_offsets(&at->plan, first, n, at->offset);
    at->first = first;
    return n;
}
