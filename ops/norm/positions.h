/* The offsets of a tensor's elements along some of its axes, in row-major order of their indices, RUN at a time; for the element
   type being compiled. */

enum { T(RUN) = 256 };

typedef struct {
    struct wg_reduction_plan plan;
    int64_t first, offset[T(RUN)];
} T(positions);

/* Prepares at for the positions of t along axes (a bit set); like has the extents of t's other axes. */
static void T(positions_of)(T(positions) * at, const wg_tensor *t, const wg_tensor *like, unsigned axes)
{
    wg_plan_reduction(t, like, axes, &at->plan);
    at->first = -1;
}

/* Computes the offsets of the run that begins at position first, unless they are there already. Returns their number. */
static int64_t T(run_at)(T(positions) * at, int64_t first)
{
    const int64_t rest = at->plan.count - first, n = rest < T(RUN) ? rest : T(RUN);
    if (at->first != first)
        wg_reduced_offsets(&at->plan, first, n, at->offset);
    at->first = first;
    return n;
}
