/* Ready-made changes of rows: flip, crop, shift, noise, cast. Each draws the same count of numbers for every item. */
#include <math.h>

#include "dataset.h"

/* A copy of a step's settings, for its dataset to own. NULL and E_MEMORY. */
static void *settings(const char *op, const void *value, size_t size)
{
    void *copy = malloc(size);
    if (!copy) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    return memcpy(copy, value, size);
}

/* A dataset of the step, or NULL and the settings freed. */
static wg_dataset *step(wg_dataset *dataset, wg_dataset_map_function *function, void *context, wg_dataset_map_options options)
{
    options.destroy = free;
    wg_dataset *made = context ? wg_dataset_map_with(dataset, function, context, options) : NULL;
    if (!made)
        free(context);
    return made;
}

static wg_dataset *refuse(wg_status code, const char *op, const wg_dataset *dataset, const char *expected)
{
    char text[200];
    if (!dataset)
        (void)wg_error_set(WG_E_NULL, op, "%s: the dataset is NULL", op);
    else
        (void)wg_error_set(code, op, "%s: expected %s; a row x is %s %s", op, expected, wg_dtype_name(dataset->info.x.dtype),
                           wg_shape_text(dataset->info.x.shape, text, sizeof text));
    return NULL;
}

/* The product of extents from axis first up to last. */
static size_t count(const wg_shape *shape, int first, int last)
{
    size_t n = 1;
    for (int i = first; i < last; i++)
        n *= (size_t)shape->extent[i];
    return n;
}

/* ---- flip ---- */

static bool same_elements(const wg_shape *shape, const wg_shape *row)
{
    size_t n = 1;
    if (shape->rank > WG_MAX_RANK)
        return false;
    for (int i = 0; i < shape->rank; i++)
        if (shape->extent[i] < 0 || __builtin_mul_overflow(n, (size_t)shape->extent[i], &n))
            return false;
    return n == count(row, 0, row->rank);
}

struct flip {
    size_t outer, n, bytes; /* outer × n blocks of bytes */
    double p;
};

static wg_status flip(void *context, const void *from, const wg_dataset_item *item)
{
    const struct flip *f = context;
    const bool reversed = wg_dataset_uniform(item->random) < f->p;
    const char *source = from;
    char *target = item->x;
    if (!reversed && f->outer * f->n * f->bytes > 0)
        memcpy(target, source, f->outer * f->n * f->bytes);
    for (size_t o = 0; reversed && o < f->outer; o++)
        for (size_t i = 0; i < f->n; i++)
            memcpy(target + (o * f->n + i) * f->bytes, source + (o * f->n + f->n - 1 - i) * f->bytes, f->bytes);
    return WG_OK;
}

wg_dataset *wg_dataset_flip_with(wg_dataset *dataset, wg_dataset_flip_options options)
{
    const char *op = "dataset_flip";
    const wg_shape *row = dataset ? &dataset->info.x.shape : NULL, *shape = options.shape.rank > 0 ? &options.shape : row;
    const int rank = shape ? shape->rank : 0, axis = options.axis < 0 ? options.axis + rank : options.axis;
    if (!dataset || axis < 0 || axis >= rank || !(options.p >= 0 && options.p <= 1))
        return refuse(WG_E_ARGUMENT, op, dataset, "an axis of the row and a probability p");
    if (shape == row && rank == 1)
        return refuse(WG_E_SHAPE, op, dataset,
                      "images (…, H, W), or .shape, as which a flat row is read: WG_SHAPE(H, W), or WG_SHAPE(n) for a series");
    if (!same_elements(shape, row))
        return refuse(WG_E_SHAPE, op, dataset, "a .shape of as many elements as the row has");
    const struct flip f = {count(shape, 0, axis), (size_t)shape->extent[axis],
                           count(shape, axis + 1, rank) * wg_dtype_size(dataset->info.x.dtype), options.p};
    return step(dataset, flip, settings(op, &f, sizeof f), (wg_dataset_map_options){.dtype = -1});
}

/* ---- crop and shift ---- */

/* The window begins at (top, left) of the image, drawn from [-padding, -padding + places - 1] on each axis. */
struct crop {
    size_t channels, size; /* size: bytes of an element */
    int64_t extent[2], window[2], padding[2], places[2];
    wg_padding mode;
    union {
        float f32;
        double f64;
        int64_t i64;
        uint8_t u8;
        char bytes[8];
    } fill;
};

/* Where position i of an axis of n elements is read; -1: it is the fill. */
static int64_t inside(int64_t i, int64_t n, wg_padding mode)
{
    if (i >= 0 && i < n)
        return i;
    switch (mode) {
    case WG_PADDING_REFLECT:
        return i < 0 ? -i : 2 * (n - 1) - i;
    case WG_PADDING_REPLICATE:
        return i < 0 ? 0 : n - 1;
    case WG_PADDING_CIRCULAR:
        return (i % n + n) % n;
    default:
        return -1;
    }
}

/* One row of the window: the part inside the image is copied in one piece. */
static void crop_line(const struct crop *c, const char *line, int64_t left, char *to)
{
    const int64_t n = c->extent[1], width = c->window[1];
    int64_t begin = left < 0 ? -left : 0, end = n - left < width ? n - left : width;
    begin = begin < width ? begin : width;
    end = end > begin ? end : begin;
    for (int64_t j = 0; j < width; j++) {
        if (j == begin && end > begin) {
            memcpy(to + (size_t)j * c->size, line + (size_t)(left + j) * c->size, (size_t)(end - begin) * c->size);
            j = end - 1;
            continue;
        }
        const int64_t at = inside(left + j, n, c->mode);
        memcpy(to + (size_t)j * c->size, at < 0 ? c->fill.bytes : line + (size_t)at * c->size, c->size);
    }
}

static wg_status crop(void *context, const void *from, const wg_dataset_item *item)
{
    const struct crop *c = context;
    const int64_t top = wg_dataset_below(item->random, c->places[0]) - c->padding[0];
    const int64_t left = wg_dataset_below(item->random, c->places[1]) - c->padding[1];
    const size_t line = (size_t)c->extent[1] * c->size, window_line = (size_t)c->window[1] * c->size;
    for (size_t channel = 0; channel < c->channels; channel++) {
        const char *image = (const char *)from + channel * (size_t)c->extent[0] * line;
        char *to = (char *)item->x + channel * (size_t)c->window[0] * window_line;
        for (int64_t i = 0; i < c->window[0]; i++, to += window_line) {
            const int64_t at = inside(top + i, c->extent[0], c->mode);
            if (at >= 0)
                crop_line(c, image + (size_t)at * line, left, to);
            else
                for (int64_t j = 0; j < c->window[1]; j++)
                    memcpy(to + (size_t)j * c->size, c->fill.bytes, c->size);
        }
    }
    return WG_OK;
}

static bool set_fill(struct crop *c, wg_dtype dtype, double fill)
{
    switch (dtype) {
    case WG_F32:
        c->fill.f32 = (float)fill;
        return true;
    case WG_F64:
        c->fill.f64 = fill;
        return true;
    case WG_I64:
        if (!(fill >= -0x1p63 && fill < 0x1p63))
            return false;
        c->fill.i64 = (int64_t)fill;
        return true;
    default:
        if (!(fill > -1 && fill < 256))
            return false;
        c->fill.u8 = (uint8_t)fill;
        return true;
    }
}

/* Crop with other padding for rows and columns: what shift is, too. */
static wg_dataset *make_crop(const char *op, wg_dataset *dataset, wg_dataset_crop_options o, int64_t rows, int64_t columns)
{
    const int rank = dataset ? dataset->info.x.shape.rank : 0;
    const wg_shape *shape = dataset ? &dataset->info.x.shape : NULL;
    if (rank < 2 || dataset->x_bytes == 0)
        return refuse(WG_E_SHAPE, op, dataset, "images (…, H, W)");
    struct crop c = {count(shape, 0, rank - 2), wg_dtype_size(dataset->info.x.dtype),
                     .extent = {shape->extent[rank - 2], shape->extent[rank - 1]}, .padding = {rows, columns}, .mode = o.mode};
    c.window[0] = o.height ? o.height : c.extent[0];
    c.window[1] = o.width ? o.width : c.extent[1];
    wg_dataset_map_options to = {.dtype = -1, .shape = *shape};
    for (int i = 0; i < 2; i++) {
        if (c.padding[i] < 0 || c.padding[i] > INT64_MAX / 4 - c.extent[i] || c.window[i] < 1 ||
            c.window[i] > c.extent[i] + 2 * c.padding[i])
            return refuse(WG_E_ARGUMENT, op, dataset, "padding of at least 0 and a window inside the padded image");
        if (o.mode == WG_PADDING_REFLECT && c.padding[i] >= c.extent[i])
            return refuse(WG_E_ARGUMENT, op, dataset, "reflection by less than H and W");
        c.places[i] = c.extent[i] + 2 * c.padding[i] - c.window[i] + 1;
        to.shape.extent[rank - 2 + i] = c.window[i];
    }
    if ((unsigned)o.mode > WG_PADDING_CIRCULAR || (o.mode != WG_PADDING_ZEROS && !(o.fill == 0)) ||
        !set_fill(&c, dataset->info.x.dtype, o.fill))
        return refuse(WG_E_ARGUMENT, op, dataset, "a mode of padding, and a fill of the row's dtype with WG_PADDING_ZEROS alone");
    return step(dataset, crop, settings(op, &c, sizeof c), to);
}

wg_dataset *wg_dataset_crop_with(wg_dataset *dataset, wg_dataset_crop_options options)
{
    return make_crop("dataset_crop", dataset, options, options.padding, options.padding);
}

wg_dataset *wg_dataset_shift_with(wg_dataset *dataset, wg_dataset_shift_options options)
{
    const wg_dataset_crop_options whole = {.mode = options.mode, .fill = options.fill};
    return make_crop("dataset_shift", dataset, whole, options.rows, options.columns);
}

/* ---- noise and cast ---- */

struct noise {
    size_t n;
    wg_dtype dtype;
    double deviation;
};

static wg_status noise(void *context, const void *from, const wg_dataset_item *item)
{
    const struct noise *s = context;
    if (s->dtype == WG_F32)
        for (size_t i = 0; i < s->n; i++)
            ((float *)item->x)[i] = (float)((double)((const float *)from)[i] + s->deviation * wg_dataset_normal(item->random));
    else
        for (size_t i = 0; i < s->n; i++)
            ((double *)item->x)[i] = ((const double *)from)[i] + s->deviation * wg_dataset_normal(item->random);
    return WG_OK;
}

wg_dataset *wg_dataset_noise_with(wg_dataset *dataset, wg_dataset_noise_options options)
{
    const char *op = "dataset_noise";
    if (!dataset || dataset->info.x.dtype > WG_F64)
        return refuse(WG_E_DTYPE, op, dataset, "rows of f32 or f64 (wg_dataset_cast)");
    if (!(options.deviation >= 0) || !isfinite(options.deviation))
        return refuse(WG_E_ARGUMENT, op, dataset, "a deviation of at least 0");
    const struct noise s = {count(&dataset->info.x.shape, 0, dataset->info.x.shape.rank), dataset->info.x.dtype, options.deviation};
    return step(dataset, noise, settings(op, &s, sizeof s), (wg_dataset_map_options){.dtype = -1});
}

struct cast {
    size_t n;
    wg_dtype from, to;
    double scale, shift;
};

static double element(const void *data, size_t i, wg_dtype dtype)
{
    switch (dtype) {
    case WG_F32:
        return (double)((const float *)data)[i];
    case WG_F64:
        return ((const double *)data)[i];
    case WG_I64:
        return (double)((const int64_t *)data)[i];
    default:
        return ((const uint8_t *)data)[i];
    }
}

static wg_status cast(void *context, const void *from, const wg_dataset_item *item)
{
    const struct cast *s = context;
    for (size_t i = 0; i < s->n; i++) {
        const double value = s->scale * (element(from, i, s->from) - s->shift);
        if (s->to == WG_F32)
            ((float *)item->x)[i] = (float)value;
        else
            ((double *)item->x)[i] = value;
    }
    return WG_OK;
}

wg_dataset *wg_dataset_cast_with(wg_dataset *dataset, wg_dataset_cast_options options)
{
    const char *op = "dataset_cast";
    if (!dataset || (options.dtype != WG_F32 && options.dtype != WG_F64))
        return refuse(WG_E_DTYPE, op, dataset, "f32 or f64 for the new rows");
    if (!isfinite(options.scale) || !isfinite(options.shift))
        return refuse(WG_E_ARGUMENT, op, dataset, "a finite scale and shift");
    const struct cast s = {count(&dataset->info.x.shape, 0, dataset->info.x.shape.rank), dataset->info.x.dtype, options.dtype,
                           options.scale, options.shift};
    return step(dataset, cast, settings(op, &s, sizeof s), (wg_dataset_map_options){.dtype = (int)options.dtype});
}
