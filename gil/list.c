/* gil/list.c - doubly linked lists of threads through links inside them. Room: gil/. Runs on any thread, under the
 * mutex that guards the list; allocates nothing. */
#include "gil_internal.h"

static struct gil_link *link_of(gil_thread *thread, size_t offset) {
  return (struct gil_link *)((char *)thread + offset);
}

void gil_list_insert_after(struct gil_list *list, gil_thread *after, gil_thread *thread, size_t offset) {
  struct gil_link *link = link_of(thread, offset);
  gil_thread *next = after ? link_of(after, offset)->next : list->first;
  link->prev = after;
  link->next = next;
  *(after ? &link_of(after, offset)->next : &list->first) = thread;
  *(next ? &link_of(next, offset)->prev : &list->last) = thread;
}

void gil_list_append(struct gil_list *list, gil_thread *thread, size_t offset) {
  gil_list_insert_after(list, list->last, thread, offset);
}

void gil_list_remove(struct gil_list *list, gil_thread *thread, size_t offset) {
  struct gil_link *link = link_of(thread, offset);
  *(link->prev ? &link_of(link->prev, offset)->next : &list->first) = link->next;
  *(link->next ? &link_of(link->next, offset)->prev : &list->last) = link->prev;
  link->next = link->prev = NULL;
}
