/* Growing arrays and lists: see array.h. */
#include "core/array.h"

#include <string.h>

#include "core/pool.h"

wg_status wg_array_reserve(struct wg_array *array, size_t more, size_t size)
{
    if (array->n + more <= array->capacity)
        return WG_OK;
    size_t capacity = array->capacity ? 2 * array->capacity : 32;
    while (capacity < array->n + more)
        capacity *= 2;
    struct wg_storage *block = wg_storage_new(capacity * size);
    if (!block)
        return WG_E_MEMORY;
    if (array->n)
        memcpy(wg_storage_data(block), array->at, array->n * size);
    wg_object_free(array->at);
    array->at = wg_storage_data(block);
    array->capacity = capacity;
    return WG_OK;
}

void wg_array_free(struct wg_array *array)
{
    wg_object_free(array->at);
    *array = (struct wg_array){NULL, 0, 0};
}

wg_status wg_list_reserve(struct wg_list *list, size_t more, size_t size)
{
    while (list->pages.n * WG_PAGE < list->n + more) {
        WG_TRY(wg_array_reserve(&list->pages, 1, sizeof(void *)));
        struct wg_storage *page = wg_storage_new(WG_PAGE * size);
        if (!page)
            return WG_E_MEMORY;
        *WG_NTH(list->pages, void *, list->pages.n++) = wg_storage_data(page);
    }
    return WG_OK;
}

void wg_list_free(struct wg_list *list)
{
    for (size_t i = 0; i < list->pages.n; i++)
        wg_object_free(*WG_NTH(list->pages, void *, i));
    wg_array_free(&list->pages);
    list->n = 0;
}
