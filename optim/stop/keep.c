/* The best weights: copies of tensors, made when a value is the best one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stop.h"
#include "wengert/error.h"

/* ---- names ---- */

static bool name_is_taken(char *const *name, size_t n, const char *text)
{
    for (size_t i = NUMBERS; i < n; i++)
        if (strcmp(name[i], text) == 0)
            return true;
    return false;
}

/* "best.NAME" of entry i, and of a name that occurs again "best.NAME#2". state_name has n names. NULL: no memory. */
static char *make_name(char *const *state_name, size_t n, wg_tensor_list list, size_t i)
{
    const char *given = list.name && list.name[i] ? list.name[i] : wg_name_of(list.tensor[i]);
    char place[32], *name = NULL;
    snprintf(place, sizeof place, "%zu", n - NUMBERS);
    if (asprintf(&name, "best.%s", given[0] ? given : place) < 0)
        return NULL;
    const size_t length = strlen(name);
    for (size_t copy = 2; name && name_is_taken(state_name, n, name); copy++) {
        char *next = NULL;
        if (asprintf(&next, "%.*s#%zu", (int)length, name, copy) < 0)
            next = NULL;
        free(name);
        name = next;
    }
    return name;
}

/* ---- keeping ---- */

/* For messages. */
static const char *label(wg_tensor_list list, size_t i)
{
    const char *name = list.name && list.name[i] ? list.name[i] : wg_name_of(list.tensor[i]);
    return name[0] ? name : "unnamed";
}

static wg_status check_entry(const wg_stopping *stopping, wg_tensor_list list, size_t i, const char *op)
{
    const wg_tensor *t = list.tensor[i];
    if (!t || t == WG_NONE)
        return wg_error_set(t ? WG_E_ARGUMENT : WG_E_NULL, op, "%s: tensor %zu is %s", op, i, t ? "WG_NONE" : "NULL");
    if (!wg_data(t)) /* released, dangling, another thread's, which is recorded now */
        return wg_error_first() ? wg_error_first()->code : WG_E_ARGUMENT;
    for (size_t k = 0; k < stopping->n_kept; k++)
        if (stopping->kept[k].tensor == t)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: tensor %zu (%s) is kept already", op, i, label(list, i));
    for (size_t k = 0; k < i; k++)
        if (list.tensor[k] == t)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: tensor %zu (%s) is given twice", op, i, label(list, i));
    return WG_OK;
}

static wg_status copy_value(const struct kept *kept)
{
    void *copy = wg_data_mut(kept->copy);
    if (!copy && wg_numel(kept->copy) > 0)
        return wg_error_first() ? wg_error_first()->code : WG_E_STATE;
    return wg_numel(kept->copy) > 0 ? wg_read_raw(kept->tensor, copy) : WG_OK;
}

/* Appends entry i. What it has when it fails is freed by drop_from. */
static wg_status keep_one(wg_stopping *stopping, wg_tensor_list list, size_t i, const char *op)
{
    wg_tensor *t = list.tensor[i];
    const size_t at = stopping->n_kept++;
    struct kept *kept = &stopping->kept[at];
    *kept = (struct kept){.tensor = t, .borrowed = wg_borrow(t)};
    stopping->state_name[NUMBERS + at] = NULL;
    if (kept->borrowed == WG_NONE) {
        kept->borrowed = NULL;
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: tensor %zu (%s) belongs to a tape and ends with it: take it out by wg_own first", op, i,
                            label(list, i));
    }
    kept->copy = kept->borrowed ? own_tensor(wg_dtype_of(t), wg_shape_of(t), 0) : NULL;
    char *name = kept->copy ? make_name(stopping->state_name, NUMBERS + at, list, i) : NULL;
    stopping->state_name[NUMBERS + at] = name;
    if (!name || wg_set_name(kept->copy, name) != WG_OK)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    stopping->state[NUMBERS + at] = kept->copy;
    return copy_value(kept);
}

static void drop_from(wg_stopping *stopping, size_t n)
{
    for (size_t i = n; i < stopping->n_kept; i++) {
        if (stopping->kept[i].borrowed)
            wg_borrow_end(stopping->kept[i].borrowed);
        wg_disown(stopping->kept[i].copy);
        free(stopping->state_name[NUMBERS + i]);
    }
    stopping->n_kept = n;
}

void stop_free_kept(wg_stopping *stopping)
{
    drop_from(stopping, 0);
    free(stopping->kept), free(stopping->state), free(stopping->state_name);
}

static bool reserve(wg_stopping *stopping, size_t more)
{
    const size_t n = stopping->n_kept + more;
    struct kept *kept = realloc(stopping->kept, n * sizeof *kept);
    if (kept)
        stopping->kept = kept;
    wg_tensor **state = kept ? realloc(stopping->state, (NUMBERS + n) * sizeof *state) : NULL;
    if (state)
        stopping->state = state;
    char **name = state ? realloc(stopping->state_name, (NUMBERS + n) * sizeof *name) : NULL;
    if (name)
        stopping->state_name = name;
    return name != NULL;
}

wg_status wg_stopping_keep(wg_stopping *stopping, wg_tensor_list list)
{
    const char *op = "stopping_keep";
    double number[NUMBERS];
    WG_TRY(stop_read(stopping, number, op));
    if (list.n == 0 || !list.tensor)
        return wg_error_set(list.n ? WG_E_NULL : WG_E_ARGUMENT, op, "%s: there are no tensors", op);
    if (number[TOLD] > 0)
        return wg_error_set(WG_E_STATE, op, "%s: expected before the first value is told: %g were", op, number[TOLD]);
    for (size_t i = 0; i < list.n; i++)
        WG_TRY(check_entry(stopping, list, i, op));
    WG_TRY(scalars_write(&stopping->numbers, number, op)); /* changes nothing, and is refused in a capture */
    if (!reserve(stopping, list.n))
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    memcpy(stopping->state, stopping->numbers.tensor, NUMBERS * sizeof *stopping->state);
    memcpy(stopping->state_name, stopping->numbers.name, NUMBERS * sizeof *stopping->state_name);
    const size_t before = stopping->n_kept;
    for (size_t i = 0; i < list.n; i++) {
        const wg_status status = keep_one(stopping, list, i, op);
        if (status != WG_OK) {
            drop_from(stopping, before);
            return status;
        }
    }
    return WG_OK;
}

/* ---- the best ones ---- */

wg_status stop_check_kept(const wg_stopping *stopping, const char *op)
{
    for (size_t i = 0; i < stopping->n_kept; i++)
        if (!wg_is_live(stopping->kept[i].tensor))
            return wg_error_set(WG_E_DANGLING, op, "%s: the tensor of \"%s\" was freed, or its module was destroyed", op,
                                stopping->state_name[NUMBERS + i]);
    return WG_OK;
}

wg_status stop_copy_kept(const wg_stopping *stopping)
{
    for (size_t i = 0; i < stopping->n_kept; i++)
        WG_TRY(copy_value(&stopping->kept[i]));
    return WG_OK;
}

wg_status wg_stopping_restore(wg_stopping *stopping)
{
    const char *op = "stopping_restore";
    double number[NUMBERS];
    WG_TRY(stop_read(stopping, number, op));
    if (stopping->n_kept == 0)
        return wg_error_set(WG_E_STATE, op, "%s: no tensors are kept: wg_stopping_keep comes first", op);
    if (!isfinite(number[BEST]))
        return wg_error_set(WG_E_STATE, op, "%s: there is no best value: %g were told, none of them finite", op, number[TOLD]);
    WG_TRY(stop_check_kept(stopping, op));
    WG_TRY(scalars_write(&stopping->numbers, number, op)); /* changes nothing, and is refused in a capture */
    for (size_t i = 0; i < stopping->n_kept; i++)
        if (wg_numel(stopping->kept[i].copy) > 0)
            WG_TRY(wg_write_raw(stopping->kept[i].tensor, wg_data(stopping->kept[i].copy)));
    return WG_OK;
}

wg_tensor_list wg_stopping_state(const wg_stopping *stopping)
{
    if (!stopping)
        (void)wg_error_set(WG_E_NULL, "stopping_state", "stopping_state: the stopping object is NULL");
    if (!stopping)
        return (wg_tensor_list){0, NULL, NULL};
    if (stopping->n_kept == 0)
        return (wg_tensor_list){NUMBERS, stopping->numbers.tensor, stopping->numbers.name};
    return (wg_tensor_list){NUMBERS + stopping->n_kept, stopping->state, (const char *const *)stopping->state_name};
}
