/* A program loads the library, uses it in a thread, and closes it while the thread lives: the thread ends, and the library can be loaded
   again. The argument is the shared library's path. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "case.h"

static void *library;
static atomic_int stage;

static void *run(void *context)
{
    wg_tensor *(*scalar)(wg_dtype, double);
    void (*give_back)(wg_tensor *);
    *(void **)&scalar = dlsym(library, "wg_scalar");
    *(void **)&give_back = dlsym(library, "wg_free");
    give_back(scalar(WG_F64, 2));
    atomic_store(&stage, 1);
    while (atomic_load(&stage) != 2)
        usleep(1000);
    return context;
}

int main(int n, char **v)
{
    for (int i = 0; i < 5; i++) {
        pthread_t thread;
        library = dlopen(n > 1 ? v[1] : "libwengert.so", RTLD_NOW | RTLD_LOCAL);
        is_("the library is loaded", library != NULL);
        if (!library)
            return end_();
        atomic_store(&stage, 0);
        is_("a thread", pthread_create(&thread, NULL, run, NULL) == 0);
        while (atomic_load(&stage) != 1)
            usleep(1000);
        is_("the library is closed", dlclose(library) == 0);
        atomic_store(&stage, 2);
        is_("the thread ends", pthread_join(thread, NULL) == 0);
    }
    return end_();
}
