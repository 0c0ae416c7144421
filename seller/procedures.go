package seller

import "github.com/freshet-go/freshet/query/trpc"

// The procedures of the server. They are values without state.
var (
	getAllSales       = trpc.NewQuery[SalesFilter, Page[Sale]]("sales.getAllSales")
	getSaleByID       = trpc.NewQuery[SaleByIDInput, SaleDetail]("sales.getSaleById")
	getPendingOrders  = trpc.NewQuery[PageInput, Page[Order]]("orderStatus.getPendingOrders")
	getOrdersByStatus = trpc.NewQuery[OrdersByStatusInput, Page[Order]]("orderStatus.getOrdersByStatus")
	getOrderByID      = trpc.NewQuery[OrderByIDInput, Order]("orderStatus.getOrderById")
	getOrderStats     = trpc.NewQuery[OrderStatsFilter, OrderStats]("orderStatus.getOrderStats")
	getPayoutStats    = trpc.NewQuery[trpc.NoInput, PayoutStats]("finance.getPayoutStats")
	getPayoutHistory  = trpc.NewQuery[PayoutFilter, Page[Payout]]("finance.getPayoutHistory")
	getMyListings     = trpc.NewQuery[ListingFilter, Page[Listing]]("listing.getMyListings")

	confirmOrder   = trpc.NewMutation[ConfirmOrderInput, Order]("orderStatus.confirmOrder")
	cancelOrder    = trpc.NewMutation[CancelOrderInput, Order]("orderStatus.cancelOrder")
	schedulePayout = trpc.NewMutation[SchedulePayoutInput, SchedulePayoutResult]("finance.schedulePayout")

	onOrderChanged   = trpc.NewSubscription[OrderEventsInput, OrderEvent]("orderStatus.onOrderChanged")
	onBalanceChanged = trpc.NewSubscription[BalanceEventsInput, BalanceEvent]("finance.onBalanceChanged")
)
