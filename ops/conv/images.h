/* Copies of images into the memory order C, H, W, N and back, for the element type being compiled. Included by the kernels with
   vectors along images. */

/* A tensor (N,C,H,W) as those kernels read it: the images of one position are contiguous, padded to a multiple of WG_LANES. */
typedef struct {
    REAL *data;
    int64_t images, channel, row, column; /* images, padding included; strides */
    int64_t workspace;                    /* elements of workspace needed; 0: the tensor's own memory is used */
} T(images);

typedef REAL T(quad) __attribute__((vector_size(4 * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));

/* The tensor itself if its images are contiguous and their number is a multiple of WG_LANES; otherwise the layout of its copy in
   the workspace. */
static T(images) T(images_of)(const wg_tensor *t)
{
    const int64_t *extent = wg_extents(t), *stride = wg_strides(t);
    T(images) i = {(REAL *)(void *)t->data, extent[0], stride[1], stride[2], stride[3], 0};
    if (extent[0] % WG_LANES == 0 && stride[0] == 1)
        return i;
    i.images = wg_ceil_div(extent[0], WG_LANES) * WG_LANES;
    i.column = i.images;
    i.row = i.column * extent[3];
    i.channel = i.row * extent[2];
    i.workspace = i.channel * extent[1];
    return i;
}

static void T(use_room)(T(images) * images, REAL *workspace)
{
    if (images->workspace > 0)
        images->data = workspace;
}

/* Transposes a 4×4 block: four lines of four contiguous elements each become four columns. */
static inline void T(turn_quads)(const REAL *from, int64_t line, REAL *to, int64_t step)
{
    const T(quad) a = *(const T(quad) *)from, b = *(const T(quad) *)(from + line);
    const T(quad) c = *(const T(quad) *)(from + 2 * line), d = *(const T(quad) *)(from + 3 * line);
    const T(quad) ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_end = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const T(quad) cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_end = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(T(quad) *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(T(quad) *)(to + step) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    *(T(quad) *)(to + 2 * step) = __builtin_shufflevector(ab_end, cd_end, 0, 1, 4, 5);
    *(T(quad) *)(to + 3 * step) = __builtin_shufflevector(ab_end, cd_end, 2, 3, 6, 7);
}

/* Copies n lines of m elements: element p of line i from from[i from_line + p from_step] to to[i to_line + p to_step]. */
static void T(move_lines)(int64_t n, int64_t m, const REAL *from, int64_t from_line, int64_t from_step, REAL *to, int64_t to_line,
                          int64_t to_step)
{
    if (from_step == 1 && to_step == 1) {
        for (int64_t i = 0; i < n; i++)
            memcpy(to + i * to_line, from + i * from_line, (size_t)m * sizeof *to);
        return;
    }
    const bool across = from_step == 1 && to_line == 1;
    const int64_t quads = across ? n / 4 * 4 : 0, whole = across ? m / 4 * 4 : 0;
    if (to_step > from_line) /* the operand with the larger stride is traversed once */
        for (int64_t p = 0; p < whole; p += 4)
            for (int64_t i = 0; i < quads; i += 4)
                T(turn_quads)(from + i * from_line + p, from_line, to + i + p * to_step, to_step);
    else
        for (int64_t i = 0; i < quads; i += 4)
            for (int64_t p = 0; p < whole; p += 4)
                T(turn_quads)(from + i * from_line + p, from_line, to + i + p * to_step, to_step);
    for (int64_t i = 0; i < n; i++)
        for (int64_t p = i < quads ? whole : 0; p < m; p++)
            to[i * to_line + p * to_step] = from[i * from_line + p * from_step];
}

/* A copy in or out. Threads share parts of rows of one channel. */
typedef struct {
    const wg_tensor *t;
    const T(images) * images;
    int64_t rows, columns, parts; /* rows and columns of a channel, merged to one row if strides allow; parts of a row */
    int64_t row, at_row;          /* row strides of the tensor and of the workspace */
    bool in;
} T(move);

enum { T(PART) = 64 }; /* columns */

static void T(move_parts)(int64_t first, int64_t last, void *context)
{
    const T(move) *m = (const T(move) *)context;
    const int64_t *stride = wg_strides(m->t), n = wg_extents(m->t)[0], width = m->images->images;
    for (int64_t job = first; job < last; job++) {
        const int64_t column = job % m->parts * T(PART), row = job / m->parts % m->rows, channel = job / m->parts / m->rows;
        const int64_t columns = wg_clip(m->columns - column, 0, T(PART));
        REAL *outside = (REAL *)(void *)m->t->data + channel * stride[1] + row * m->row + column * stride[3];
        REAL *inside = m->images->data + channel * m->images->channel + row * m->at_row + column * width;
        if (m->in && stride[0] == 1)
            T(move_lines)(columns, n, outside, stride[3], 1, inside, width, 1);
        else if (m->in)
            T(move_lines)(n, columns, outside, stride[0], stride[3], inside, 1, width);
        else
            T(move_lines)(columns, n, inside, width, 1, outside, stride[3], stride[0]);
        for (int64_t k = 0; k < columns && m->in && n < width; k++)
            memset(inside + k * width + n, 0, (size_t)(width - n) * sizeof *inside);
    }
}

/* Copies t's elements into the workspace, with zeros for the images of the padding, or from it back into t. */
static void T(move_images)(const wg_tensor *t, const T(images) * images, bool in)
{
    const int64_t *extent = wg_extents(t), *stride = wg_strides(t);
    const bool merged = stride[2] == stride[3] * extent[3];
    if (images->workspace == 0)
        return;
    T(move) m = {.t = t, .images = images, .row = stride[2], .at_row = images->row, .in = in};
    m.rows = merged ? 1 : extent[2];
    m.columns = merged ? extent[2] * extent[3] : extent[3];
    m.parts = wg_ceil_div(m.columns, T(PART));
    wg_parallel(wg_kernel_threads((double)t->numel / 2), extent[1] * m.rows * m.parts, T(move_parts), &m);
}
