/* Growing arrays, and lists whose elements never move. Their memory comes from the thread's pool. */
#ifndef WG_ARRAY_H
#define WG_ARRAY_H

#include "wengert/base.h"

/* A growing array of elements of one type. A zeroed struct is an empty array. The caller reserves space, writes behind the last
   element and increments n. */
struct wg_array {
    void *at;
    size_t n, capacity;
};

/* A list that grows page by page, so that pointers to its elements stay valid. */
struct wg_list {
    struct wg_array pages;
    size_t n;
};
enum { WG_PAGE = 256 }; /* elements */

/* The address of element i. */
#define WG_NTH(array, type, i) (&((type *)(array).at)[i])
#define WG_LISTED(list, type, i) ((type *)wg_listed(&(list), i, sizeof(type)))

static inline void *wg_listed(const struct wg_list *list, size_t i, size_t size)
{
    return *WG_NTH(list->pages, char *, i / WG_PAGE) + i % WG_PAGE * size;
}

/* Ensures space for `more` further elements of `size` bytes; WG_E_MEMORY leaves the array as it was. */
wg_status wg_array_reserve(struct wg_array *array, size_t more, size_t size);
void wg_array_free(struct wg_array *array);
wg_status wg_list_reserve(struct wg_list *list, size_t more, size_t size);
void wg_list_free(struct wg_list *list);

#endif
