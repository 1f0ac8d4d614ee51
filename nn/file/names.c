/* What a list must be to be saved or loaded by its names. */
#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "wengert/error.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

wg_status file_check_names(const char *const *name, size_t n, const char *op)
{
    const char **sorted = malloc((n + 1) * sizeof *sorted);
    if (!sorted)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    for (size_t i = 0; i < n; i++)
        sorted[i] = name[i];
    if (n > 0)
        qsort(sorted, n, sizeof *sorted, by_text);
    wg_status status = WG_OK;
    for (size_t i = 1; i < n && status == WG_OK; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            status = wg_error_set(WG_E_ARGUMENT, op, "%s: two tensors are called %s", op, sorted[i]);
    free(sorted);
    return status;
}

wg_status file_check_list(wg_tensor_list list, const char *op)
{
    for (size_t i = 0; i < list.n; i++) {
        if (!list.tensor || !list.tensor[i] || !list.name || !list.name[i])
            return wg_error_set(WG_E_NULL, op, "%s: tensor %zu or its name is NULL", op, i);
        if (!wg_data(list.tensor[i]) && wg_error_first()) /* released, dangling, recorded now */
            return wg_error_first()->code;
    }
    return list.n > 0 ? file_check_names(list.name, list.n, op) : WG_OK;
}
