/* Binding: replaces an input of a replay by another tensor in all later runs. */
#include "replay/replay.h"

static const char *name_of(const wg_tensor *input)
{
    const char *name = wg_name_of(input);
    return name[0] ? name : "input";
}

static wg_status check_tensors(const wg_tensor *input, const wg_tensor *instead)
{
    char a[200], b[200];
    WG_TRY(wg_check_handle(input, "replay_bind", 0));
    WG_TRY(wg_check_handle(instead, "replay_bind", 1));
    if (instead->tape) /* a tape's tensor may hold its elements in the handle itself */
        return wg_fail(WG_E_ARGUMENT, "replay_bind",
                       "replay_bind: the tensor to read instead of %s belongs to a tape, and ends with it: wg_own makes it yours",
                       name_of(input));
    if (instead->dtype != input->dtype)
        return wg_fail(WG_E_DTYPE, "replay_bind", "replay_bind: %s is %s, not %s", name_of(input),
                       wg_dtype_name((wg_dtype)input->dtype), wg_dtype_name((wg_dtype)instead->dtype));
    if (!wg_same_dims(input, instead))
        return wg_fail(WG_E_SHAPE, "replay_bind", "replay_bind: %s is %s, not %s", name_of(input),
                       wg_shape_text(wg_shape_of(input), a, sizeof a), wg_shape_text(wg_shape_of(instead), b, sizeof b));
    if (!(input->flags & WG_T_DENSE))
        return wg_fail(WG_E_ARGUMENT, "replay_bind", "replay_bind: %s is not dense", name_of(input));
    for (int i = 0; i < input->rank; i++)
        if (wg_extents(input)[i] > 1 && wg_strides(input)[i] != wg_strides(instead)[i])
            return wg_fail(WG_E_ARGUMENT, "replay_bind", "replay_bind: what is to stand for %s has other strides", name_of(input));
    return WG_OK;
}

static wg_status find_input(const wg_replay *replay, const wg_tensor *input, uint32_t *number)
{
    for (size_t i = 0; i < replay->log.buffers.n; i++) {
        const struct wg_buffer *buffer = WG_BUFFER(&replay->log, i);
        if (buffer->kind != WG_EXTERNAL || buffer->block != input->storage)
            continue;
        *number = (uint32_t)i;
        if (wg_spans_meet(buffer->handed, wg_span_of(input)))
            return wg_fail(WG_E_ARGUMENT, "replay_bind",
                           "replay_bind: the step keeps %s itself, or a view of it, as a result, and that would go on showing %s: "
                           "keep a copy (wg_copy)",
                           name_of(input), name_of(input));
        return buffer->written ? wg_fail(WG_E_ARGUMENT, "replay_bind", "replay_bind: the step changes %s", name_of(input)) : WG_OK;
    }
    return wg_fail(WG_E_ARGUMENT, "replay_bind", "replay_bind: the step does not read %s", name_of(input));
}

/* Checks that each launch reads either only bytes within the input or none of them, and that at least one launch reads some. */
static wg_status check_reads(const wg_replay *replay, const struct wg_binding *binding, const wg_tensor *input)
{
    bool read = binding->bytes.from == binding->bytes.to; /* an empty input counts as read */
    for (size_t i = 0; i < replay->patches.n; i++) {
        const struct wg_patch *patch = WG_NTH(replay->patches, struct wg_patch, i);
        if (patch->buffer != binding->buffer || !wg_spans_meet(patch->read, binding->bytes))
            continue;
        if (patch->read.from < binding->bytes.from || patch->read.to > binding->bytes.to)
            return wg_fail(WG_E_ARGUMENT, "replay_bind",
                           "replay_bind: the step reads %s together with bytes outside it: bind the tensor that %s is a view of",
                           name_of(input), name_of(input));
        read = true;
    }
    return read ? WG_OK : wg_fail(WG_E_ARGUMENT, "replay_bind", "replay_bind: the step does not read %s", name_of(input));
}

/* Checks that `instead` does not overlap a tensor that a run writes. */
static wg_status check_changes(const wg_replay *replay, const wg_tensor *input, const wg_tensor *instead)
{
    for (size_t i = 0; i < replay->changed.n; i++) {
        const struct wg_buffer *buffer = wg_changed_buffer(replay, i);
        if (buffer->block == instead->storage && wg_spans_meet(buffer->changed, wg_span_of(instead)))
            return wg_fail(
                WG_E_ARGUMENT, "replay_bind",
                "replay_bind: what is to stand for %s is written by the step itself (a result, or a tensor that it changes): "
                "bind a copy of it (wg_copy)",
                name_of(input));
    }
    return WG_OK;
}

/* Finds the binding of this input, or adds one. */
static wg_status find_binding(wg_replay *replay, const struct wg_binding *wanted, struct wg_binding **found)
{
    for (size_t i = 0; i < replay->bindings.n; i++) {
        *found = WG_NTH(replay->bindings, struct wg_binding, i);
        if ((*found)->buffer == wanted->buffer && (*found)->bytes.from == wanted->bytes.from &&
            (*found)->bytes.to == wanted->bytes.to)
            return WG_OK;
    }
    WG_TRY(wg_array_reserve(&replay->bindings, 1, sizeof **found));
    *found = WG_NTH(replay->bindings, struct wg_binding, replay->bindings.n++);
    **found = *wanted;
    return WG_OK;
}

wg_status wg_replay_bind(wg_replay *replay, const wg_tensor *input, const wg_tensor *instead)
{
    WG_OPERATION("replay_bind");
    struct wg_thread *th = wg_self();
    struct wg_binding binding = {.instead = NULL}, *entry;
    if (!th)
        return WG_E_MEMORY;
    WG_TRY(wg_replay_check(th, replay, "replay_bind"));
    WG_TRY(check_tensors(input, instead));
    WG_TRY(find_input(replay, input, &binding.buffer));
    binding.bytes = wg_span_of(input);
    WG_TRY(check_reads(replay, &binding, input));
    WG_TRY(check_changes(replay, input, instead));
    WG_TRY(find_binding(replay, &binding, &entry));
    for (size_t i = 0; i < replay->patches.n; i++) {
        const struct wg_patch *patch = WG_NTH(replay->patches, struct wg_patch, i);
        if (patch->buffer == binding.buffer && wg_spans_meet(patch->read, binding.bytes))
            *patch->where = instead->data + (patch->offset - binding.bytes.from);
    }
    wg_storage_ref(instead->storage);
    if (entry->instead)
        wg_storage_unref(entry->instead);
    entry->instead = instead->storage;
    return WG_OK;
}
