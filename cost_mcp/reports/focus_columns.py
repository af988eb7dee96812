"""The columns of a FOCUS 1.2 file in their order: those of the specification by the alphabet, then our own.

Source: FinOps Open Cost and Usage Specification 1.2, https://focus.finops.org, its text at tag v1.2 of
https://github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec, read 2026-11-22. All columns that 1.0 requires are there, so
that tools of either version read the file; of those that 1.2 asks for only where a provider supports something (capacity
reservations, pricing in another currency, several types of accounts) the ones that would always be empty are left out.
"""

from __future__ import annotations

FOCUS_COLUMNS: tuple[str, ...] = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
)

OWN_COLUMNS: tuple[str, ...] = (
    "x_Agent",
    "x_Billing",
    "x_CallId",
    "x_Feature",
    "x_LowerBound",
    "x_Model",
    "x_PriceEntryId",
    "x_Project",
    "x_Provisional",
    "x_Purpose",
    "x_RecordedAt",
    "x_Revision",
    "x_ServiceTier",
    "x_SessionId",
    "x_Source",
    "x_TaskId",
    "x_TaskTitle",
    "x_TaskType",
)

COLUMNS = (*FOCUS_COLUMNS, *OWN_COLUMNS)

OF_CALL = ("BillingPeriodEnd", "BillingPeriodStart", "ChargeClass", "ChargePeriodEnd", "ChargePeriodStart")
"""The columns in which calls differ, before those at the end: the tags and our own."""

OF_CHARGE = (
    "BilledCost",
    "ConsumedQuantity",
    "ContractedCost",
    "EffectiveCost",
    "ListCost",
    "ListUnitPrice",
    "PricingQuantity",
)
"""The columns in which the charges of one call differ though their price is the same."""

LAST = ("Tags", *OWN_COLUMNS)

NUMBERS = frozenset(
    {
        "BilledCost", "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "ListCost", "ListUnitPrice",
        "PricingQuantity", "x_Revision",
    }
)  # fmt: skip
"""The columns that hold numbers; every other cell is text."""
