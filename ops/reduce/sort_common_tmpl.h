/* Template of the kernels of sort and topk, compiled once per number type. out[0] has the first k elements along an axis in sorted
   order, out[1] their original indices. Define before including it: NAME, the op. Elements are compared by integer keys
   (sort_common.c), so there is no floating-point work to count. */

enum { T(ORDER_BLOCK) = 256 };

/* The state of one call, shared by its parts. */
typedef struct {
    struct wg_reduction_plan values, places; /* from x to out[0]; from x to out[1] */
    const ELEM *x;
    ELEM *y;
    int64_t *place;
    int64_t n, k, sx, sy, sp; /* elements of a slice, of its results, strides along it */
    int64_t lines, parts, capacity;
    struct wg_entry *workspace; /* 2 * capacity entries per part */
    int falling;
} T(ordering);

static void T(order_line)(const T(ordering) * o, int64_t line, struct wg_entry *workspace)
{
    const struct wg_reduction_plan *v = &o->values, *p = &o->places;
    const ELEM *x = o->x + wg_kept_offset(v->n_kept, v->kept, v->kept_in, line);
    ELEM *y = o->y + wg_kept_offset(v->n_kept, v->kept, v->kept_out, line);
    int64_t *place = o->place + wg_kept_offset(p->n_kept, p->kept, p->kept_out, line);
    struct wg_ranking ranking;
    double value[T(ORDER_BLOCK)];
    wg_ranking_start(&ranking, workspace, o->capacity, o->k, o->falling);
    for (int64_t at = 0; at < o->n; at += T(ORDER_BLOCK)) {
        const int64_t m = o->n - at < T(ORDER_BLOCK) ? o->n - at : T(ORDER_BLOCK);
        for (int64_t i = 0; i < m; i++)
            value[i] = (double)(REAL)x[(at + i) * o->sx];
        wg_ranking_add(&ranking, value, at, m);
    }
    const struct wg_entry *first = wg_ranking_end(&ranking);
    for (int64_t i = 0; i < o->k; i++) {
        y[i * o->sy] = (REAL)x[first[i].place * o->sx];
        place[i * o->sp] = first[i].place;
    }
}

static void T(order_parts)(int64_t first, int64_t last, void *context)
{
    const T(ordering) *o = (const T(ordering) *)context;
    for (int64_t part = first; part < last; part++)
        for (int64_t line = o->lines * part / o->parts; line < o->lines * (part + 1) / o->parts; line++)
            T(order_line)(o, line, o->workspace + part * 2 * o->capacity);
}

static wg_status T(NAME)(const wg_call *c)
{
    const struct wg_order_params *p = (const struct wg_order_params *)c->params;
    const wg_tensor *x = c->in[0], *y = c->out[0], *place = c->out[1];
    T(ordering) o;
    wg_plan_reduction(x, y, 1u << p->axis, &o.values);
    wg_plan_reduction(x, place, 1u << p->axis, &o.places);
    o.x = (const ELEM *)(const void *)x->data;
    o.y = (ELEM *)(void *)y->data;
    o.place = (int64_t *)(void *)place->data;
    o.n = wg_extents(x)[p->axis];
    o.k = wg_extents(y)[p->axis];
    o.sx = wg_strides(x)[p->axis];
    o.sy = wg_strides(y)[p->axis];
    o.sp = wg_strides(place)[p->axis];
    o.falling = p->reverse;
    o.lines = o.values.outputs;
    const int threads = wg_kernel_threads(16 * (double)x->numel);
    o.parts = o.lines < threads ? o.lines : threads;
    o.capacity = wg_ranking_capacity(o.n, o.k);
    o.workspace = (struct wg_entry *)wg_object_new((size_t)o.parts * 2 * (size_t)o.capacity * sizeof(struct wg_entry));
    if (!o.workspace)
        return WG_E_MEMORY;
    wg_parallel(threads, o.parts, T(order_parts), &o);
    wg_object_free(o.workspace);
    return WG_OK;
}

#undef NAME
