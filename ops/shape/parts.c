/* split, chunk and unbind: several views of one tensor along an axis, slices or single indices. On failure none is left. */
#include "ops/op.h"

/* After a failure: frees the first n parts, sets them to NULL and returns the recorded error. */
static wg_status give_back(wg_tensor **parts, size_t n)
{
    for (; n > 0; parts[--n] = NULL)
        wg_free_intermediate(parts[n - 1]);
    return wg_error_cause();
}

wg_status wg_split(wg_tensor *x, int axis, const int64_t *sizes, size_t n, wg_tensor **parts)
{
    int64_t at = 0, end;
    wg_status status = wg_check_handle(x, "split", -1);
    if (status == WG_OK)
        status = wg_axis("split", x, axis, &axis);
    if (status != WG_OK)
        return status;
    if (n > 0 && (!sizes || !parts))
        return wg_fail(WG_E_NULL, "split", "split: sizes or parts is NULL");
    for (size_t i = 0; i < n; i++, at = end)
        if (sizes[i] < 0 || __builtin_add_overflow(at, sizes[i], &end) || end > wg_extents(x)[axis])
            return wg_fail(WG_E_ARGUMENT, "split", "split: part %zu of size %lld does not fit an extent of %lld", i,
                           (long long)sizes[i], (long long)wg_extents(x)[axis]);
    if (at != wg_extents(x)[axis])
        return wg_fail(WG_E_ARGUMENT, "split", "split: the sizes add up to %lld, not to the extent %lld", (long long)at,
                       (long long)wg_extents(x)[axis]);
    at = 0;
    for (size_t i = 0; i < n; at += sizes[i++]) {
        parts[i] = wg_slice(x, axis, at, at + sizes[i], 1);
        if (!parts[i])
            return give_back(parts, i);
    }
    return WG_OK;
}

/* Checks x, the axis and the array of parts; resolves the axis and sets extent to its extent. */
static wg_status check(const char *name, const wg_tensor *x, int *axis, wg_tensor *const *parts, int64_t *extent)
{
    WG_TRY(wg_check_handle(x, name, -1));
    WG_TRY(wg_axis(name, x, *axis, axis));
    *extent = wg_extents(x)[*axis];
    return parts ? WG_OK : wg_fail(WG_E_NULL, name, "%s: the array of parts is NULL", name);
}

wg_status wg_chunk(wg_tensor *x, int axis, size_t n, wg_tensor **parts, size_t *made)
{
    int64_t extent;
    WG_TRY(check("chunk", x, &axis, parts, &extent));
    const size_t most = PTRDIFF_MAX / sizeof *parts; /* below INT64_MAX */
    if (n == 0 || n > most)
        return wg_fail(WG_E_ARGUMENT, "chunk", "chunk: expected 1 to %zu parts, which is what an array of them can have, got %zu",
                       most, n);
    const int64_t size = extent > 0 ? (extent - 1) / (int64_t)n + 1 : 0;
    const size_t needed = extent > 0 ? (size_t)((extent - 1) / size) + 1 : n;
    if (!made && needed != n)
        return wg_fail(WG_E_ARGUMENT, "chunk",
                       "chunk: an extent of %lld gives %zu parts of %lld, not %zu; say where their number goes", (long long)extent,
                       needed, (long long)size, n);
    for (size_t i = 0; i < needed; i++) {
        parts[i] = wg_slice(x, axis, (int64_t)i * size, (int64_t)i * size + size, 1);
        if (!parts[i])
            return give_back(parts, i);
    }
    if (made)
        *made = needed;
    return WG_OK;
}

wg_status wg_unbind(wg_tensor *x, int axis, wg_tensor **parts, size_t n)
{
    int64_t extent;
    WG_TRY(check("unbind", x, &axis, parts, &extent));
    if (extent < 0 || (uint64_t)extent != n)
        return wg_fail(WG_E_ARGUMENT, "unbind", "unbind: expected room for %lld parts, one for each index of the axis, got %zu",
                       (long long)extent, n);
    for (size_t i = 0; i < n; i++) {
        parts[i] = wg_select(x, axis, (int64_t)i);
        if (!parts[i])
            return give_back(parts, i);
    }
    return WG_OK;
}
